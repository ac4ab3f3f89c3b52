using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>The live loop on a clock that the test moves.</summary>
public sealed class LiveLoopTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new(Bench.Midnight.AddHours(10).AddSeconds(7));
    private readonly InMemoryEventLog _log = new();
    private readonly InMemoryLedgerStore _store = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly AutoBidEngine _engine;
    private Task _loop = Task.CompletedTask;

    public LiveLoopTests()
        => _engine = new AutoBidEngine(new EngineOptions(), new EngineClocks(_time, _time, false), _log, _store, Bench.Chain(_metrics), Identities.Of);

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

    /// <summary>Gives the loop turns until it has done what is waited for; a loop that has died ends the wait with its error.</summary>
    private async Task Until(Func<Task<bool>> done)
    {
        for (int i = 0; i < 1_000_000; i++)
        {
            if (await done()) return;
            if (_loop.IsCompleted) await _loop;
            await Task.Yield();
        }

        Assert.Fail("the loop never got there");
    }

    private Task UntilSpent(long nanos) => Until(async () => (await _engine.LookAsync("t1", "c1", default))!.SpentNanos == nanos);

    [Fact]
    public async Task It_bids_from_its_first_moment_and_settles_what_is_billed()
    {
        // The tick at the start set budgets and granted a lease.
        BidOffer offer = _engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), _engine.Now, TimeSpan.FromMinutes(5).Ticks);
        Assert.True(offer.IsBid, offer.Reasons.ToString());
        EngineEvent bill = Bench.Bill(offer.Held.LeaseId, offer.Held.Seq, offer.PriceNanos) with { TimeTicks = _engine.NowTicks, OriginTicks = _engine.NowTicks };
        await _log.AppendAsync(new[] { bill.Identified() }, default);
        await UntilSpent(offer.PriceNanos);
        // A commit follows within its interval of the loop's clock.
        _time.Advance(TimeSpan.FromMilliseconds(60));
        await Until(async () => (await _store.BudgetsAsync("t1", "c1", default))[0].SettledNanos == offer.PriceNanos);
    }

    [Fact]
    public async Task It_ticks_on_the_grid_and_closes_steps()
    {
        _time.Advance(TimeSpan.FromSeconds(53.2));
        await Until(() => Task.FromResult(_log.Published.Count >= 2));
        Assert.Equal(601, _log.Published[1].Tick);
        _time.Advance(TimeSpan.FromMinutes(29.01));
        await Until(async () => (await _engine.LookAsync("t1", "c1", default))!.Rows.Count == 22);
        Assert.Contains(_log.Published.ToArray(), record => record.Row.Count == 16);
    }

    [Fact]
    public async Task Bid_counts_reach_the_ledger_through_the_log_without_loss()
    {
        for (int second = 0; second < 130; second++)
        {
            for (int i = 0; i < 3; i++) _engine.Bids.Price(new BidQuery(0, 0.0005, 0, false), _engine.NowTicks);
            _time.Advance(TimeSpan.FromSeconds(1));
            long seen = 3L * (second + 1);
            await Until(async () => (await _engine.LookAsync("t1", "c1", default))!.Rows[^1].Impressions == seen);
        }

        Assert.DoesNotContain(_log.All().GroupBy(e => e.Identity), group => group.Count() > 1);
    }

    [Fact]
    public async Task Stopping_commits_what_was_applied()
    {
        await _log.AppendAsync(new[] { Bench.Foreign("f", 123, 10).Identified() }, default);
        await UntilSpent(123);
        await _stop.CancelAsync();
        await _loop;
        Assert.Equal(123, (await _store.BudgetsAsync("t1", "c1", default))[0].SettledNanos);
        LedgerSnapshot snapshot = await _store.LoadAsync([0, 1, 2], default);
        Assert.Single(snapshot.Seen);
    }

    [Theory]
    [InlineData(30)]
    [InlineData(-60)]
    public async Task Holds_last_as_long_as_they_should_when_the_wall_clock_jumps(int minutes)
    {
        BidOffer offer = _engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), _engine.Now, TimeSpan.FromMinutes(5).Ticks);
        long stop = (await _engine.LookAsync("t1", "c1", default))!.Lease.StopTicks;
        _time.Jump(TimeSpan.FromMinutes(minutes));
        // Forward, ticks come at once; back, none comes for a while. Neither moves the lease or the hold.
        int published = _log.Published.Count;
        if (minutes > 0) await Until(() => Task.FromResult(_log.Published.Count > published));
        LeaseView lease = (await _engine.LookAsync("t1", "c1", default))!.Lease;
        Assert.Equal((stop, offer.PriceNanos), (lease.StopTicks, lease.HeldNanos));
        long now = _engine.Now.LeaseTicks;
        Assert.True(_engine.Leases.TryHold(0, 1, now, TimeSpan.FromHours(2).Ticks, out _));
        _time.Advance(TimeSpan.FromSeconds(40));
        await Until(async () => (await _engine.LookAsync("t1", "c1", default))!.Lease.StopTicks > stop);
        // The bid's hold lasts 5 minutes of elapsed time, to the tick.
        Assert.Equal(0, _engine.Leases.Sweep(0, now + TimeSpan.FromMinutes(5).Ticks - 1));
        Assert.Equal(1, _engine.Leases.Sweep(0, now + TimeSpan.FromMinutes(5).Ticks));
    }

    [Fact]
    public async Task A_lease_is_renewed_while_time_passes()
    {
        for (int i = 0; i < 200; i++)
        {
            // A campaign that is bid on: an idle one would give its lease back.
            _engine.Bids.Decide(new BidQuery(0, 0.0005, 0, false), _engine.Now, TimeSpan.FromSeconds(5).Ticks);
            _time.Advance(TimeSpan.FromSeconds(1));
            int calls = _store.GrantCalls;
            long stop = 0;
            await Until(async () =>
            {
                stop = (await _engine.LookAsync("t1", "c1", default))!.Lease.StopTicks;
                return stop > _engine.NowTicks + TimeSpan.FromSeconds(25).Ticks;
            });
            Assert.True(_store.GrantCalls - calls <= 3);
        }
    }
}
