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
        => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed => CompareAsync(seed).GetAwaiter().GetResult()).Check(Checks.Config.WithMaxTest(20));

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task CompareAsync(int seed)
    {
        var random = new Random(seed);
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.db"), TestContext.Current.CancellationToken);
        await using var sqlite = new SqliteLedgerStore(database);
        await using var memory = new MemoryLedgerStore();
        Named first = new(sqlite), second = new(memory);
        foreach (Named named in new[] { first, second }) await named.Store.ClaimAsync("n0", [0, 1], 2, CancellationToken.None);
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
        catch (FencedException fenced)
        {
            return fenced.Message;
        }
    }

    private static Func<Named, Task<string>> Next(Random random, int call)
    {
        string campaign = $"c{random.Next(2)}", node = $"n{random.Next(2)}";
        int day = 20260105 + random.Next(2);
        long amount = random.Next(0, 400), expires = random.Next(1, 100);
        int partition = campaign == "c0" ? 0 : 1, epoch = random.Next(20) == 0 ? 2 : 1;
        switch (random.Next(12))
        {
            case 0 or 1:
                string? account = random.Next(3) == 0 ? null : $"a{random.Next(2)}";
                long? flight = random.Next(2) == 0 ? null : random.Next(1000), limit = account is null || random.Next(2) == 0 ? null : random.Next(1000);
                long daily = random.Next(1000);
                return async named =>
                {
                    await named.Store.SetBudgetsAsync([new BudgetSetting("t", campaign, partition, day, daily, flight, account, limit)], [new PartitionEpoch(partition, epoch)], CancellationToken.None);
                    return "set";
                };
            case 2 or 3 or 4:
                return async named =>
                {
                    LeaseGrant grant = (await named.Store.GrantAsync([new LeaseRequest("t", campaign, day, node, amount, expires / 3, expires)], CancellationToken.None))[0];
                    return $"{grant with { LeaseId = named.NumberOf(grant.LeaseId) }}";
                };
            case 5:
                return async named => string.Join(' ', (await named.Store.ReclaimAsync(node == "n0" ? null : node, expires, expires / 2, CancellationToken.None)).Select(named.NumberOf));
            case 6:
                int returned = random.Next(1, 5);
                return async named =>
                {
                    await named.Store.ReturnAsync([named.LeaseOf(returned)], CancellationToken.None);
                    return "returned";
                };
            case 7:
                return async named => string.Join(' ', await named.Store.HeartbeatAsync(node, expires, amount, 20, CancellationToken.None));
            case 8:
                // The first of the days to stay is one of the two or the one after; adjustments bear times from 1 to 100.
                long now = new DateTime(2026, 3, random.Next(5, 8), 0, 0, 0, DateTimeKind.Utc).Ticks;
                var retention = new LedgerRetention { Days = TimeSpan.FromDays(57), Adjustments = TimeSpan.FromTicks(now - random.Next(120)) };
                int atMost = random.Next(1, 4);
                return async named => $"{await named.Store.PruneAsync(retention, now, atMost, CancellationToken.None)}";
            default:
                (int settled, int closed) = (random.Next(6), random.Next(12));
                bool adjusts = random.Next(3) == 0, states = random.Next(3) == 0;
                var adjustment = new Adjustment("t", campaign, day, random.Next(-150, 150), "correction", new EventIdentity(7, (ulong)call), expires);
                var state = new CampaignState("t", campaign, partition, 0, random.Next(4) == 0 ? [] : [(byte)call]);
                var seen = new SeenBlock(random.Next(2), SeenKind.Ids, random.Next(5), [(byte)call]);
                (int billed, long sequence, int how, bool repeats) = (random.Next(5), random.Next(9) == 0 ? call - 5 : call + 1, random.Next(5), random.Next(3) == 0);
                var bill = new Adjustment("t", campaign, day, amount / 3, "", new EventIdentity(8, (ulong)sequence), expires);
                return async named =>
                {
                    var commit = new LedgerCommit { Sequence = Math.Max(sequence, 1), Offsets = [new PartitionOffset(Topic.Spend, 0, call)] };
                    commit.Epochs.AddRange([new PartitionEpoch(0, epoch), new PartitionEpoch(1, 1)]);
                    if (billed > 0) commit.OutsideBills.Add(new OutsideBill(named.LeaseOf(billed), bill));
                    if (settled > 0) commit.Settlements.Add(new LeaseSettlement(named.LeaseOf(settled), amount / 2));
                    if (adjusts) commit.Adjustments.Add(adjustment);
                    if (closed is > 0 and < 6) commit.ClosedLeases.Add(named.LeaseOf(closed));
                    if (states) commit.States.Add(state);
                    if (how > 1) commit.Seen.Add(seen);
                    if (how == 0) commit.SeenReplaced.Add(seen);
                    if (how == 1) commit.SeenDropped.Add(new SeenKey(seen.Partition, seen.Kind, seen.Key));
                    if (repeats) await named.Store.CommitAsync(commit, CancellationToken.None);
                    return string.Join(' ', (await named.Store.CommitAsync(commit, CancellationToken.None)).Adjustments);
                };
        }
    }

    private static async Task<string> StateAsync(Named named)
    {
        ILedgerStore store = named.Store;
        LedgerSnapshot snapshot = await store.LoadAsync([0, 1], CancellationToken.None);
        IReadOnlyList<BudgetRow> rows = [.. await store.BudgetsAsync("t", "c0", CancellationToken.None), .. await store.BudgetsAsync("t", "c1", CancellationToken.None)];
        return string.Join(
            '\n',
            [
                .. rows.Select(row => $"{row}"),
                .. snapshot.Leases.Select(lease => $"{lease with { LeaseId = named.NumberOf(lease.LeaseId) }}"),
                .. snapshot.States.Select(state => $"{state.CampaignId} {state.Day} {Convert.ToHexString(state.Blob)}"),
                .. snapshot.Offsets.Select(offset => $"{offset}"),
                .. snapshot.Seen.Select(seen => $"{seen.Partition} {seen.Kind} {seen.Key} {Convert.ToHexString(seen.Blob)}"),
                .. (await store.AdjustmentsAsync("t", "c0", CancellationToken.None)).Select(one => $"{one}"),
                .. (await store.FindLeasesAsync([.. Enumerable.Range(1, 6).Select(named.LeaseOf)], CancellationToken.None)).Select(one => $"{one with { LeaseId = named.NumberOf(one.LeaseId) }}"),
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
