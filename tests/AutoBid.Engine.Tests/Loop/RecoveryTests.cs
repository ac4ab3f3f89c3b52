using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Loop;

/// <summary>
/// The process dies before some commit; another one starts from the store and the same log. At the same offsets it has the hash of a run that was never
/// interrupted, and whatever it does afterwards keeps the ledger's promise.
/// </summary>
public sealed class RecoveryTests
{
    private const int Rounds = 52;

    private static async Task<(List<string> Hashes, List<string> Settled, int Commits)> UninterruptedAsync(int seed, int stride)
    {
        await using var driver = new DayDriver(seed) { Spread = stride * DayDriver.Tick };
        await driver.StartAsync();
        await driver.Engine.AdvanceToAsync(Bench.Midnight, default);
        List<string> hashes = [], settled = [];
        for (int round = 0; round < Rounds / stride; round++)
        {
            await RoundAsync(driver, stride);
            hashes.Add(await driver.Engine.StateHashAsync(default));
            settled.Add(await SettledAsync(driver.Store));
        }

        return (hashes, settled, driver.Store.Commits);
    }

    /// <summary>Bids and events of one tick, but time advances only every <paramref name="stride"/> rounds, by as many ticks at once.</summary>
    private static async Task RoundAsync(DayDriver driver, int stride)
    {
        await driver.BidAsync(10 * stride);
        await driver.FlushAsync();
        await driver.Engine.AdvanceToAsync(driver.Time.GetUtcNow() + stride * DayDriver.Tick, default);
    }

    private static async Task<string> SettledAsync(InMemoryLedgerStore store)
    {
        var lines = new List<string>();
        foreach (var campaign in DayDriver.Campaigns)
            lines.AddRange((await store.BudgetsAsync("t1", campaign.Id, default)).Select(row => $"{campaign.Id} {row.Scope} {row.Period} {row.SettledNanos}"));
        return string.Join('\n', lines);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 3)]
    public async Task Wherever_it_died_the_recovered_process_has_the_hash_of_an_uninterrupted_one(int seed, int stride)
    {
        var (hashes, settled, commits) = await UninterruptedAsync(seed, stride);
        for (int cut = 1; cut <= commits; cut += 2 + cut % 3)
        {
            var store = new InMemoryLedgerStore { CrashBeforeCommit = cut };
            var log = new InMemoryEventLog();
            var dead = new DayDriver(seed, store, log) { Spread = stride * DayDriver.Tick };
            await dead.StartAsync();
            int round = -1;
            DateTimeOffset target = Bench.Midnight;
            try
            {
                await dead.Engine.AdvanceToAsync(target, default);
                for (round = 0; round < Rounds / stride; round++)
                {
                    target = dead.Time.GetUtcNow() + stride * DayDriver.Tick;
                    await RoundAsync(dead, stride);
                }

                Assert.Fail($"commit {cut} of {commits} was never made");
            }
            catch (SimulatedCrashException)
            {
                // The process is gone; the store and the log are what is left.
            }

            store.CrashBeforeCommit = 0;
            await using var recovered = new DayDriver(seed + 1000, store, log, dead.Time.GetUtcNow(), "node-2");
            await recovered.StartAsync();
            await recovered.Engine.AdvanceToAsync(target, default);
            if (round >= 0)
            {
                Assert.Equal(hashes[round], await recovered.Engine.StateHashAsync(default));
                Assert.Equal(settled[round], await SettledAsync(store));
            }

            // It goes on bidding beside the leases that the dead one left.
            if (cut % 4 != 0) continue;
            for (int more = 0; more < 6; more++) await recovered.RoundAsync(20);
            await recovered.Engine.AdvanceToAsync(recovered.Time.GetUtcNow() + TimeSpan.FromHours(6), default);
            long billed = log.All().Where(e => e.Kind == EventKind.Bill).DistinctBy(e => e.Identity).Sum(e => e.AmountNanos);
            long all = 0;
            foreach (var campaign in DayDriver.Campaigns) all += (await store.BudgetsAsync("t1", campaign.Id, default)).Sum(row => row.SettledNanos);
            Assert.Equal(billed, all);
        }
    }

    [Fact]
    public async Task A_restart_without_a_crash_goes_on_where_it_stopped()
    {
        var store = new InMemoryLedgerStore();
        var log = new InMemoryEventLog();
        string before;
        await using (var first = new DayDriver(7, store, log))
        {
            await first.StartAsync();
            await first.Engine.AdvanceToAsync(Bench.Midnight, default);
            for (int round = 0; round < 20; round++) await first.RoundAsync(20);
            before = await first.Engine.StateHashAsync(default);
        }

        await using var second = new DayDriver(7, store, log, Bench.Midnight.AddHours(10), "node-2");
        await second.StartAsync();
        Assert.Equal(before, await second.Engine.StateHashAsync(default));
        AdvanceResult result = await second.Engine.AdvanceToAsync(Bench.Midnight.AddHours(10), default);
        Assert.Equal((0, 0L), (result.StepsClosed, result.Applied));
        Assert.Equal(before, await second.Engine.StateHashAsync(default));
    }

    [Fact]
    public async Task A_duplicate_from_before_the_crash_is_still_a_duplicate()
    {
        var store = new InMemoryLedgerStore();
        var log = new InMemoryEventLog();
        EngineEvent bill = (Bench.Foreign("f", 500, 0.1) with { CampaignId = "mpc" }).Identified();
        await using (var first = new DayDriver(1, store, log))
        {
            await first.StartAsync();
            await first.Engine.AdvanceToAsync(Bench.Midnight, default);
            await log.AppendAsync(new[] { bill }, default);
            await first.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        }

        await using var second = new DayDriver(1, store, log, Bench.Midnight.AddHours(1), "node-2");
        await second.StartAsync();
        await log.AppendAsync(new[] { bill }, default);
        await second.Engine.AdvanceToAsync(Bench.Midnight.AddHours(2), default);
        Assert.Equal(500, (await second.Engine.LookAsync("t1", "mpc", default))!.SpentNanos);
        Assert.Equal(500, (await store.BudgetsAsync("t1", "mpc", default))[0].SettledNanos);
    }

    [Fact]
    public async Task Dedupe_state_expires_alike_in_both()
    {
        var store = new InMemoryLedgerStore();
        var log = new InMemoryEventLog();
        var options = new EngineOptions { DedupeWindow = TimeSpan.FromHours(3) };
        await using var first = new DayDriver(1, store, log, options: options);
        await first.StartAsync();
        await first.Engine.AdvanceToAsync(Bench.Midnight, default);
        // The first to come is the last to expire.
        EngineEvent[] events = [.. new[] { 5.0, 0.2, 4.1, 0.1, 3.3 }.Select((hours, i) => (Bench.Foreign($"f{i}", 5, hours) with { CampaignId = "mpc" }).Identified())];
        await log.AppendAsync(events, default);
        await first.Engine.AdvanceToAsync(Bench.Midnight.AddHours(1), default);
        await first.Engine.AdvanceToAsync(Bench.Midnight.AddHours(7), default);
        await using var second = new DayDriver(1, store, log, Bench.Midnight.AddHours(7), "node-2", options);
        await second.StartAsync();
        Assert.Equal(2L, second.Engine.Seen.Count);
        Assert.Equal(await first.Engine.StateHashAsync(default), await second.Engine.StateHashAsync(default));
    }
}
