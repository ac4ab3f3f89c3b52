using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Model;

/// <summary>The wall clock of a live engine jumps, its monotonic clock does not: an administrator, a bad time server, a machine that slept.</summary>
public sealed class ClockJumpTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _wall = new(Bench.Midnight.AddHours(10).AddSeconds(7));
    private readonly ManualTimeProvider _monotonic = new(Bench.Midnight);
    private readonly InMemoryEventLog _log = new();
    private readonly InMemoryLedgerStore _store = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly AutoBidEngine _engine;
    private readonly Dictionary<int, long> _billed = [];
    private Task _loop = Task.CompletedTask;

    public ClockJumpTests()
        => _engine = new AutoBidEngine(new EngineOptions { Tick = TimeSpan.FromSeconds(1) }, new EngineClocks(_wall, _monotonic, false), _log, _store, Bench.Chain(_metrics), Identities.Of);

    public async ValueTask InitializeAsync()
    {
        await _engine.StartAsync(new[] { Bench.Campaign() }.ToAsyncEnumerable(), default);
        _loop = Task.Run(() => _engine.RunAsync(_stop.Token));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _engine.DisposeAsync();
        _metrics.Dispose();
        _stop.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(24)]
    [InlineData(-24)]
    public async Task Money_is_counted_once_and_bids_go_on(int hours)
    {
        List<(EngineEvent Bill, int Day)> late = [];
        for (int i = 0; i < 5; i++) late.Add(await BidAsync());
        await BillAsync(late[0]);
        _wall.Advance(TimeSpan.FromHours(hours));
        // Bids go on within three ticks, decisions too.
        int decided = _log.Published.Count;
        (EngineEvent, int)? bid = null;
        for (int second = 0; second < 3; second++)
        {
            Pass(TimeSpan.FromSeconds(1));
            await Turns();
        }

        bid = await BidAsync();
        Assert.True(_log.Published.Count > decided, "no decision after the jump");
        await BillAsync(bid.Value);
        await BillAsync(late[1]);
        // And back.
        _wall.Advance(TimeSpan.FromHours(-hours));
        Pass(TimeSpan.FromSeconds(2));
        await Turns();
        await BillAsync(late[2]);
        await BillAsync(late[2]);
        await BillAsync(await BidAsync());
        await Until(async () =>
        {
            Pass(TimeSpan.FromMilliseconds(60));
            IReadOnlyList<BudgetRow> rows = await _store.BudgetsAsync("t1", "c1", default);
            return rows.Where(row => row.Scope == BudgetScope.Day).All(row => row.SettledNanos == _billed.GetValueOrDefault(row.Period));
        });
        Assert.All(_log.Rejected, one => Assert.Fail($"{one.Event.Kind} was refused: {one.Reason}"));
    }

    private async Task<(EngineEvent Bill, int Day)> BidAsync()
    {
        BidOffer offer = default;
        await Until(() =>
        {
            offer = _engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), _engine.Now, TimeSpan.FromMinutes(5).Ticks);
            if (!offer.IsBid) Pass(TimeSpan.FromMilliseconds(1));
            return Task.FromResult(offer.IsBid);
        });
        EngineEvent bill = Bench.Bill(offer.Held.LeaseId, offer.Held.Seq, offer.PriceNanos) with { OriginTicks = _engine.NowTicks };
        return (bill, offer.Held.Day);
    }

    private async Task BillAsync((EngineEvent Bill, int Day) bid)
    {
        EngineEvent bill = bid.Bill with { TimeTicks = Math.Max(_engine.NowTicks, bid.Bill.OriginTicks) };
        bill = bill.Identified();
        if (!_log.All().Any(e => e.Identity == bill.Identity)) _billed[bid.Day] = _billed.GetValueOrDefault(bid.Day) + bill.AmountNanos;
        await _log.AppendAsync(new[] { bill }, default);
        IReadOnlyList<PartitionOffset> end = await _log.EndOffsetsAsync(default);
        await Until(() =>
        {
            Pass(TimeSpan.FromMilliseconds(60));
            return Task.FromResult(_log.Position.Zip(end).All(pair => pair.First.NextOffset >= pair.Second.NextOffset));
        });
    }

    private void Pass(TimeSpan time)
    {
        _wall.Advance(time);
        _monotonic.Advance(time);
    }

    /// <summary>Lets the loop see the clock as it stands.</summary>
    private async Task Turns()
    {
        for (int i = 0; i < 50; i++)
        {
            await _engine.LookAsync("t1", "c1", default);
            await Task.Yield();
        }
    }

    private async Task Until(Func<Task<bool>> done)
    {
        for (int i = 0; i < 200_000; i++)
        {
            if (await done()) return;
            if (_loop.IsCompleted) await _loop;
            await Task.Yield();
        }

        Assert.Fail("the loop never got there");
    }
}
