using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

public sealed class BidStatsEmitterTests : IDisposable
{
    private readonly Bench _bench = new();
    private readonly InMemoryEventLog _log = new();
    private readonly BidStatsEmitter _emitter;
    private readonly int _c;

    public BidStatsEmitterTests()
    {
        _emitter = new BidStatsEmitter(_bench.Book, _bench.Counters, _log, _bench.Options, Identities.Of);
        _c = _bench.Open(Bench.Campaign(), 10);
    }

    public void Dispose() => _bench.Dispose();

    private long Impressions()
    {
        foreach (EngineEvent e in _log.All()) _bench.Applier.Apply(e, Bench.At(10), out _);
        return _bench.Book.Open(_c).Impressions;
    }

    [Fact]
    public async Task Only_what_was_added_is_emitted()
    {
        await _emitter.EmitAsync(Bench.At(10.1), false, default);
        Assert.Empty(_log.All());
        _bench.Counters.CountOpportunity(_c, 5);
        _bench.Counters.CountBid(_c, 5, 70);
        await _emitter.EmitAsync(Bench.At(10.2), true, default);
        EngineEvent e = Assert.Single(_log.All());
        Assert.Equal((1L, 1L, 5L, 5L, 70L, true, Bench.At(10.2) - 1), (e.Count, e.Bids, e.ValueE9, e.MarketNanos, e.AmountNanos, e.Flag, e.TimeTicks));
        await _emitter.EmitAsync(Bench.At(10.3), true, default);
        Assert.Single(_log.All());
    }

    [Fact]
    public async Task Two_emissions_of_one_instant_are_two_events()
    {
        _bench.Counters.CountOpportunity(_c, 5);
        await _emitter.EmitAsync(Bench.At(10.1), false, default);
        _bench.Counters.CountOpportunity(_c, 5);
        await _emitter.EmitAsync(Bench.At(10.1), true, default);
        _bench.Counters.CountOpportunity(_c, 5);
        // The wall clock was set back.
        await _emitter.EmitAsync(Bench.At(10.05), true, default);
        Assert.Equal(3, Impressions());
    }

    [Fact]
    public async Task What_could_not_be_appended_comes_with_the_next_one()
    {
        _bench.Counters.CountOpportunity(_c, 5);
        _log.FailAppends = 1;
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await _emitter.EmitAsync(Bench.At(10.1), false, default));
        _bench.Counters.CountOpportunity(_c, 5);
        await _emitter.EmitAsync(Bench.At(10.2), false, default);
        Assert.Equal(2, Impressions());
    }

    [Fact]
    public async Task The_last_counts_of_a_day_belong_to_it_although_its_tick_comes_later()
    {
        _bench.Counters.CountOpportunity(_c, 5);
        await _emitter.EmitAsync(Bench.At(24) + 150_000, true, default);
        Assert.Equal(1, Impressions());
    }
}
