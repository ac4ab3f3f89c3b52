using System.Diagnostics;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>
/// Prints what a ledger's hot calls take, every commit waiting for the disk; run by name with -explicit on -showLiveOutput. Times depend on the machine,
/// so nothing is asserted about them.
/// </summary>
public abstract class LedgerTimings
{
    private const int Day = 20260801;

    protected abstract Task<ILedgerFixture> CreateAsync();

    [Theory(Explicit = true)]
    [InlineData(1, 1, 2_000)]
    [InlineData(100, 1_000, 2_000)]
    [InlineData(1_000, 10_000, 2_000)]
    public async Task Commits_and_grants(int campaigns, int identities, int blobBytes)
    {
        await using ILedgerFixture fixture = await CreateAsync();
        ILedgerStore store = fixture.Store;
        PartitionEpoch[] held = await PrepareAsync(store, campaigns);
        LeaseRequest[] requests = [.. Enumerable.Range(0, campaigns).Select(i => new LeaseRequest("t", $"c{i}", Day, "n1", 1_000_000, 0, TimeSpan.TicksPerHour))];
        List<double> grants = [], commits = [];
        for (int round = 0; round < 60; round++)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<LeaseGrant> leases = await store.GrantAsync(requests, default);
            grants.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);

            var commit = new LedgerCommit { Sequence = round + 1, Offsets = [.. Enumerable.Range(0, 5).Select(topic => new PartitionOffset($"topic{topic}", 0, round))] };
            commit.Epochs.AddRange(held);
            foreach (LeaseGrant lease in leases)
            {
                commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 900_000));
                byte[] blob = new byte[blobBytes];
                Random.Shared.NextBytes(blob);
                commit.States.Add(new CampaignState("t", lease.CampaignId, 0, 0, blob));
            }

            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, round / 10, new byte[24 * identities]));
            start = Stopwatch.GetTimestamp();
            await store.CommitAsync(commit, default);
            commits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Report($"grant of {campaigns} leases, 3 scopes", grants);
        Report($"commit of {campaigns} settlements + {campaigns} states of {blobBytes} B + {identities} ids", commits);
    }

    [Fact(Explicit = true)]
    public async Task Outside_bills_and_adjustments()
    {
        await using ILedgerFixture fixture = await CreateAsync();
        PartitionEpoch[] held = await PrepareAsync(fixture.Store, 100);
        LeaseRequest[] requests = [.. Enumerable.Range(0, 100).Select(i => new LeaseRequest("t", $"c{i}", Day, "n2", 1_000_000, 0, TimeSpan.TicksPerHour))];
        IReadOnlyList<LeaseGrant> leases = await fixture.Store.GrantAsync(requests, default);
        List<double> outside = [], adjusted = [];
        for (int round = 0; round < 30; round++)
        {
            for (int kind = 0; kind < 2; kind++)
            {
                var commit = new LedgerCommit { Sequence = (2 * round) + kind + 1 };
                commit.Epochs.AddRange(held);
                for (int i = 0; i < 1_000; i++)
                {
                    LeaseGrant lease = leases[i % leases.Count];
                    var money = new Adjustment("t", lease.CampaignId, Day, 100, "foreign-bid", new Engine.Events.EventIdentity((ulong)round, (ulong)i), round);
                    if (kind == 0) commit.OutsideBills.Add(new OutsideBill(lease.LeaseId, money));
                    else commit.Adjustments.Add(money);
                }

                long start = Stopwatch.GetTimestamp();
                await fixture.Store.CommitAsync(commit, default);
                (kind == 0 ? outside : adjusted).Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        Report("commit of 1,000 outside bills of 100 leases", outside);
        Report("commit of 1,000 adjustments of 100 campaigns", adjusted);
    }

    [Fact(Explicit = true)]
    public async Task Loading_100_000_states()
    {
        await using ILedgerFixture fixture = await CreateAsync();
        PartitionEpoch[] held = await PrepareAsync(fixture.Store, 1);
        for (int chunk = 0; chunk < 50; chunk++)
        {
            var commit = new LedgerCommit { Sequence = chunk + 1 };
            commit.Epochs.AddRange(held);
            for (int i = 0; i < 2_000; i++)
            {
                byte[] blob = new byte[2_000];
                Random.Shared.NextBytes(blob);
                commit.States.Add(new CampaignState("t", $"c{chunk}-{i}", 0, 0, blob));
            }

            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, chunk, new byte[24 * 100_000]));
            await fixture.Store.CommitAsync(commit, default);
        }

        await fixture.ReopenAsync();
        var loads = new List<double>();
        for (int round = 0; round < 5; round++)
        {
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(100_000, (await fixture.Store.LoadAsync([0], default)).States.Count);
            loads.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Report("load of 100,000 states of 2,000 B and 5,000,000 ids", loads);
    }

    [Fact(Explicit = true)]
    public async Task Forgetting_100_000_days()
    {
        await using ILedgerFixture fixture = await CreateAsync();
        ILedgerStore store = fixture.Store;
        PartitionEpoch[] held = await PrepareAsync(store, 1);
        const int Campaigns = 2_500, Days = 40;
        for (int day = 0; day < Days; day++)
        {
            int date = 20260101 + day;
            await store.SetBudgetsAsync(
                [.. Enumerable.Range(0, Campaigns).Select(i => new BudgetSetting("t", $"c{i}", 0, date, 1L << 50, 1L << 52, $"account{i % 50}", 1L << 55))], held, default);
            IReadOnlyList<LeaseGrant> leases = await store.GrantAsync(
                [.. Enumerable.Range(0, 2 * Campaigns).Select(i => new LeaseRequest("t", $"c{i / 2}", date, $"n{i % 2}", 1_000_000, 0, TimeSpan.TicksPerHour))], default);
            await store.ReturnAsync([.. leases.Select(lease => lease.LeaseId)], default);
        }

        var batches = new List<double>();
        PruneResult result;
        do
        {
            long start = Stopwatch.GetTimestamp();
            result = await store.PruneAsync(new LedgerRetention(), new DateTime(2026, 6, 1).Ticks, 200, default);
            batches.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        while (result.HasMore);

        Report($"forgetting of 200 days with 2 leases each, of {Campaigns * Days:N0}", batches);
    }

    private static async Task<PartitionEpoch[]> PrepareAsync(ILedgerStore store, int campaigns)
    {
        PartitionEpoch[] held = [new(0, (await store.ClaimAsync("n1", [0], 1, default))[0].Epoch)];
        await store.SetBudgetsAsync(
            [.. Enumerable.Range(0, campaigns).Select(i => new BudgetSetting("t", $"c{i}", 0, Day, 1L << 50, 1L << 52, $"account{i % 50}", 1L << 55))], held, default);
        return held;
    }

    private void Report(string what, List<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Skip(milliseconds.Count / 10).Order()];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{GetType().Name}: {what}: median {sorted[sorted.Length / 2]:F2} ms, p95 {sorted[sorted.Length * 95 / 100]:F2} ms, {1000 / sorted.Average():F0} a second");
    }
}
