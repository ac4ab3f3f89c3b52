using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Simulator.Market;
using AutoBid.Storage.Sqlite;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Cli.Tests.EndToEnd;

/// <summary>The ledger in memory answers as the database does, call by call, refusals included: what parity rests on.</summary>
public sealed class MemoryLedgerProperties : IDisposable
{
    private const int Calls = 60;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("autobid-ledger-");

    [Fact]
    public void MemoryAnswersAsTheDatabase()
        => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => CompareAsync(seed).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(8));

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task CompareAsync(int seed)
    {
        var random = new Random(seed);
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.db"), TestContext.Current.CancellationToken);
        await using var sqlite = new SqliteLedgerStore(database);
        await using var memory = new MemoryLedgerStore();
        Named first = new(sqlite), second = new(memory);
        int refused = 0;
        for (int call = 0; call < Calls; call++)
        {
            Func<Named, Task<string>> next = Next(random, call);
            string expected = await AnswerAsync(first, next), actual = await AnswerAsync(second, next);
            Assert.Equal(expected, actual);
            if (expected == "refused") refused++;
            Assert.Equal(await StateAsync(first), await StateAsync(second));
        }

        Assert.True(refused < Calls, "nothing was ever accepted");
    }

    private static async Task<string> AnswerAsync(Named store, Func<Named, Task<string>> call)
    {
        try
        {
            return await call(store);
        }
        catch (InvalidOperationException)
        {
            return "refused";
        }
    }

    private static Func<Named, Task<string>> Next(Random random, int call)
    {
        string campaign = $"c{random.Next(2)}", node = $"n{random.Next(2)}";
        int day = 20260105 + random.Next(2);
        long amount = random.Next(0, 400), expires = random.Next(1, 100);
        switch (random.Next(8))
        {
            case 0 or 1:
                string? account = random.Next(3) == 0 ? null : $"a{random.Next(2)}";
                long? flight = random.Next(2) == 0 ? null : random.Next(1000), limit = account is null || random.Next(2) == 0 ? null : random.Next(1000);
                long daily = random.Next(1000);
                return async named =>
                {
                    await named.Store.SetBudgetsAsync([new BudgetSetting("t", campaign, day, daily, flight, account, limit)], CancellationToken.None);
                    return "set";
                };
            case 2 or 3 or 4:
                return async named =>
                {
                    LeaseGrant grant = (await named.Store.GrantAsync([new LeaseRequest("t", campaign, day, node, amount, expires)], CancellationToken.None))[0];
                    return $"{grant with { LeaseId = named.NumberOf(grant.LeaseId) }}";
                };
            case 5:
                return async named => string.Join(' ', (await named.Store.ReclaimAsync(expires / 2, CancellationToken.None)).Select(named.NumberOf));
            default:
                (int settled, int closed) = (random.Next(6), random.Next(12));
                bool adjusts = random.Next(3) == 0, states = random.Next(3) == 0;
                var adjustment = new Adjustment("t", campaign, day, random.Next(-150, 150), "correction", new EventIdentity(7, (ulong)call), expires);
                var state = new CampaignState("t", campaign, 0, random.Next(4) == 0 ? [] : [(byte)call]);
                var seen = new SeenEvent(new EventIdentity(1, (ulong)random.Next(20)), expires);
                return async named =>
                {
                    var commit = new LedgerCommit { Offsets = [new PartitionOffset(Topic.Spend, 0, call)] };
                    if (settled > 0) commit.Settlements.Add(new LeaseSettlement(named.LeaseOf(settled), amount / 2));
                    if (adjusts) commit.Adjustments.Add(adjustment);
                    if (closed is > 0 and < 6) commit.ClosedLeases.Add(named.LeaseOf(closed));
                    if (states) commit.States.Add(state);
                    commit.Seen.Add(seen);
                    await named.Store.CommitAsync(commit, CancellationToken.None);
                    return "committed";
                };
        }
    }

    private static async Task<string> StateAsync(Named named)
    {
        ILedgerStore store = named.Store;
        LedgerSnapshot snapshot = await store.LoadAsync(30, CancellationToken.None);
        IReadOnlyList<BudgetRow> rows = [.. await store.BudgetsAsync("t", "c0", CancellationToken.None), .. await store.BudgetsAsync("t", "c1", CancellationToken.None)];
        return string.Join(
            '\n',
            [
                .. rows.Select(row => $"{row}"),
                .. snapshot.Leases.Select(lease => $"{lease with { LeaseId = named.NumberOf(lease.LeaseId) }}"),
                .. snapshot.States.Select(state => $"{state.CampaignId} {state.Day} {Convert.ToHexString(state.Blob)}"),
                .. snapshot.Offsets.Select(offset => $"{offset}"),
                .. snapshot.Seen.OrderBy(seen => seen.Identity.Low).Select(seen => $"{seen}"),
            ]);
    }

    /// <summary>A store whose leases are numbered in order of appearance: ids are its own affair.</summary>
    private sealed class Named(ILedgerStore store)
    {
        private readonly List<long> _leases = [];

        public ILedgerStore Store => store;

        /// <summary>From 1; 0 for no lease.</summary>
        public long NumberOf(long lease)
        {
            if (lease == 0) return 0;
            if (!_leases.Contains(lease)) _leases.Add(lease);
            return _leases.IndexOf(lease) + 1;
        }

        public long LeaseOf(int number) => number <= _leases.Count ? _leases[number - 1] : 1_000_000;
    }
}
