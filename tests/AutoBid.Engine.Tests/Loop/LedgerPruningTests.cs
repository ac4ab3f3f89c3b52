using AutoBid.Core.Time;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>When the engine lets the ledger forget, on a clock that the test moves and with rounds that the test makes.</summary>
public sealed class LedgerPruningTests : IAsyncLifetime
{
    private const int OldDays = 2 * LedgerPruner.Batch + 50;

    private readonly PolicyMetrics _metrics = new();
    private readonly ManualTimeProvider _time = new(Bench.Midnight.AddHours(10));
    private readonly InMemoryLedgerStore _store = new();
    private AutoBidEngine _engine = null!;

    public async ValueTask InitializeAsync()
    {
        PartitionClaim claim = (await _store.ClaimAsync("before", [0], 3, default))[0];
        await _store.SetBudgetsAsync(
            [.. Enumerable.Range(0, OldDays).Select(day => new BudgetSetting("t1", "c9", 0, 20200101 + day, 100, 1_000, null, null))], [new PartitionEpoch(0, claim.Epoch)], default);
        _engine = new AutoBidEngine(new EngineOptions(), new EngineClocks(_time, _time, false), new InMemoryEventLog(), _store, Bench.Chain(_metrics), Identities.Of);
        await _engine.StartAsync(new[] { Bench.Campaign() }.ToAsyncEnumerable(), default);
        await _engine.RoundAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        _metrics.Dispose();
    }

    [Fact]
    public async Task An_hour_after_its_first_round_a_batch_a_round_and_again_an_hour_later()
    {
        await AdvanceAsync(TimeSpan.FromMinutes(59.9));
        Assert.Empty(_store.Prunes);
        await AdvanceAsync(TimeSpan.FromMinutes(0.1));
        for (int round = 0; round < 5; round++) await _engine.RoundAsync(default);
        Assert.Equal([LedgerPruner.Batch, LedgerPruner.Batch, 50], _store.Prunes.Select(prune => prune.Result.Days));
        Assert.All(_store.Prunes, prune => Assert.Equal(Bench.At(11), prune.NowTicks));
        // The day that runs, and flights, are there.
        Assert.Equal([(BudgetScope.Day, Bench.Day)], (await _store.BudgetsAsync("t1", "c1", default)).Select(row => (row.Scope, row.Period)));
        Assert.Equal(BudgetScope.Flight, Assert.Single(await _store.BudgetsAsync("t1", "c9", default)).Scope);
        await AdvanceAsync(TimeSpan.FromMinutes(59.9));
        Assert.Equal(3, _store.Prunes.Count);
        await AdvanceAsync(TimeSpan.FromMinutes(0.1));
        Assert.Equal(4, _store.Prunes.Count);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_asked_again_and_nothing_else_waits()
    {
        _store.FailPrunes = 2;
        await AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Empty(_store.Prunes);
        Assert.NotNull(_engine.StoreOutage);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(_store.Prunes);
        await AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Single(_store.Prunes);
        Assert.Null(_engine.StoreOutage);
    }

    [Theory]
    [InlineData(365)]
    [InlineData(-365)]
    public async Task A_clock_that_is_put_right_within_the_hour_forgets_nothing(int days)
    {
        _time.Jump(TimeSpan.FromDays(days));
        await AdvanceAsync(TimeSpan.Zero);
        await AdvanceAsync(TimeSpan.FromMinutes(50));
        Assert.Empty(_store.Prunes);
        _time.Jump(TimeSpan.FromDays(-days));
        await AdvanceAsync(TimeSpan.FromMinutes(20));
        // The hour began anew with the jump back.
        await AdvanceAsync(TimeSpan.FromMinutes(59));
        Assert.Empty(_store.Prunes);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(_time.GetUtcNow().UtcTicks, Assert.Single(_store.Prunes).NowTicks);
    }

    [Fact]
    public async Task Days_whose_spend_may_be_forgotten_are_not_shown()
    {
        var commit = new LedgerCommit();
        foreach (int day in new[] { 20250420, 20250421 }) commit.Adjustments.Add(new Adjustment("t1", "c1", day, 70, "foreign-bid", default, 1));
        await _store.CommitAsync(commit, default);
        Assert.Equal([(20250421, 70L)], (await _engine.DaysAsync("t1", "c1", default))!.Where(day => day.SpentNanos > 0).Select(day => (day.Day, day.SpentNanos)));
    }

    [Fact]
    public async Task A_run_on_a_virtual_clock_forgets_nothing()
    {
        var driver = new DayDriver(1);
        await driver.StartAsync();
        for (int round = 0; round < 30; round++) await driver.RoundAsync(2);
        Assert.Empty(driver.Store.Prunes);
    }

    [Fact]
    public void What_can_still_be_applied_shown_or_restated_cannot_be_forgotten()
    {
        var options = new EngineOptions();
        Assert.Equal(TimeSpan.FromDays(33), LedgerRetention.ShortestDays(options));
        Assert.Equal(options.ConversionMemory * 2, LedgerRetention.ShortestDays(options with { ConversionMemory = options.ConversionMemory * 2 }));
        Assert.Equal(TimeSpan.FromHours(1_001), LedgerRetention.ShortestDays(options with { DedupeWindow = TimeSpan.FromHours(1_000), LongestHold = TimeSpan.FromHours(1) }));
        new LedgerRetention { Days = TimeSpan.FromDays(33), Adjustments = TimeSpan.FromDays(33) }.Check(options);
        foreach (LedgerRetention bad in new LedgerRetention[] { new() { Days = TimeSpan.FromDays(32.9) }, new() { Adjustments = TimeSpan.FromDays(39) } })
        {
            Assert.Throws<ArgumentException>(() => new AutoBidEngine(
                options with { Retention = bad }, new EngineClocks(_time, _time, false), new InMemoryEventLog(), _store, Bench.Chain(_metrics), Identities.Of));
        }
    }

    [Theory]
    [InlineData("2026-09-12T23:59:59", 20260801)]
    [InlineData("2026-09-13T00:00:00", 20260802)]
    [InlineData("2026-03-05T12:00:00", 20260122)]
    [InlineData("0001-01-05T00:00:00", 10101)]
    public void A_day_goes_when_it_has_been_over_everywhere_for_long_enough(string now, int first)
    {
        long ticks = DateTime.Parse(now, System.Globalization.CultureInfo.InvariantCulture).Ticks;
        Assert.Equal(first, new LedgerRetention().FirstDay(ticks));
        // The last day that goes, begun late in the west and 49 hours long.
        if (first == 10101) return;
        DateTime gone = new DateTime(first / 10_000, first / 100 % 100, first % 100).AddDays(-1);
        Assert.True(gone.AddHours(12 + 49).Ticks <= ticks - TimeSpan.FromDays(40).Ticks);
    }

    private async Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        await _engine.RoundAsync(default);
    }
}
