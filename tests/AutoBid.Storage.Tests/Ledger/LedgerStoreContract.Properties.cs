using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Storage.Tests.Ledger;

public abstract partial class LedgerStoreContract
{
    private static readonly string[] Campaigns = ["c1", "c2", "c3"];
    private static readonly string?[] Accounts = [null, "brand", "brand", "other"];

    /// <summary>Random histories to play; each needs an empty database.</summary>
    protected virtual int Histories => 60;

    [Fact]
    public void Any_history_keeps_the_invariant_and_the_sums_of_the_oracle()
    {
        Gen<Move> move =
            from kind in Gen.Frequency(
                (2, Gen.Constant(MoveKind.SetBudgets)), (6, Gen.Constant(MoveKind.Grant)), (8, Gen.Constant(MoveKind.Commit)), (1, Gen.Constant(MoveKind.Reclaim)),
                (1, Gen.Constant(MoveKind.Return)), (1, Gen.Constant(MoveKind.Claim)), (2, Gen.Constant(MoveKind.Prune)))
            from campaign in Gen.Elements(Campaigns)
            from day in Gen.Choose(0, 1)
            from numbers in Gen.Choose(0, 400).ArrayOf(10)
            select new Move(kind, campaign, Day + day, numbers);
        Gen<Move[]> history = Gen.Choose(1, 40).SelectMany(length => move.ArrayOf(length));
        Prop.ForAll(Arb.From(history, WithoutOne), moves => PlayAsync(moves).GetAwaiter().GetResult())
            .Check(Checks.Config.WithMaxTest(Histories));
    }

    private static IEnumerable<Move[]> WithoutOne(Move[] moves)
        => Enumerable.Range(0, moves.Length).Select(skip => moves.Where((_, i) => i != skip).ToArray());

    private static int PartitionOf(string campaign) => campaign == "c1" ? 0 : 1;

    private async Task PlayAsync(Move[] moves)
    {
        await using ILedgerFixture fixture = await CreateAsync();
        var run = new Run(fixture.Store);
        foreach (int partition in new[] { 0, 1 }) await PlayClaimAsync(run, partition, "n0");
        foreach (Move move in moves)
        {
            await (move.Kind switch
            {
                MoveKind.SetBudgets => PlayBudgetsAsync(run, move),
                MoveKind.Grant => PlayGrantAsync(run, move),
                MoveKind.Commit => PlayCommitAsync(run, move),
                MoveKind.Reclaim => PlayReclaimAsync(run, move),
                MoveKind.Return => PlayReturnAsync(run, move),
                MoveKind.Prune => PlayPruneAsync(run, move),
                _ => PlayClaimAsync(run, PartitionOf(move.Campaign), $"n{move.Numbers[0] % 3}"),
            });
            foreach (string campaign in Campaigns)
            {
                run.Ledger.Check(campaign, await run.Store.BudgetsAsync(Tenant, campaign, default));
                run.Ledger.Check(campaign, await run.Store.AdjustmentsAsync(Tenant, campaign, default));
            }
        }

        await fixture.ReopenAsync();
        foreach (int[] partitions in new int[][] { [0], [1], [0, 1], [] })
        {
            LedgerSnapshot snapshot = await fixture.Store.LoadAsync(partitions, default);
            run.Partitions.Check(partitions, snapshot);
            Assert.Equal(
                run.Ledger.Leases.Where(lease => lease.Open && partitions.Contains(PartitionOf(lease.Campaign)))
                    .Select(lease => new OpenLease(lease.Id, Tenant, lease.Campaign, lease.Day, lease.Node, lease.GrantedNanos, lease.SettledNanos, lease.ExpiresTicks))
                    .OrderBy(lease => lease.LeaseId),
                snapshot.Leases.OrderBy(lease => lease.LeaseId));
        }

        Assert.Equal(
            run.Ledger.Leases.Select(lease => new LeaseOwner(lease.Id, Tenant, lease.Campaign, lease.Day, lease.Node)).OrderBy(lease => lease.LeaseId),
            (await fixture.Store.FindLeasesAsync([1_000_000, .. run.Ledger.Leases.Select(lease => lease.Id)], default)).OrderBy(lease => lease.LeaseId));
    }

    private static async Task PlayBudgetsAsync(Run run, Move move)
    {
        int[] n = move.Numbers;
        string? account = Accounts[n[1] % Accounts.Length];
        int partition = PartitionOf(move.Campaign);
        var setting = new BudgetSetting(
            Tenant, move.Campaign, partition, move.Day, n[0], n[2] % 2 == 0 ? n[3] : null, account, account is not null && n[4] % 3 > 0 ? n[5] : null);
        if (n[6] % 8 == 0)
        {
            await Assert.ThrowsAsync<FencedException>(
                async () => await run.Store.SetBudgetsAsync([setting], [run.Partitions.Held(partition) with { Epoch = 1_000 }], default));
            return;
        }

        await run.Store.SetBudgetsAsync([setting], [run.Partitions.Held(partition)], default);
        run.Ledger.SetBudgets(setting);
    }

    private static async Task PlayGrantAsync(Run run, Move move)
    {
        int[] n = move.Numbers;
        LeaseRequest[] requests =
        [
            new(Tenant, move.Campaign, move.Day, $"n{n[0] % 2}", n[1] / 4, n[2] / 2, n[2] - (n[2] / 2)),
            Request(Campaigns[n[3] % Campaigns.Length], $"n{n[3] % 2}", n[4] / 4, expires: n[5], day: Day),
        ];
        IReadOnlyList<LeaseGrant> grants = await run.Store.GrantAsync(requests, default);
        Assert.Equal(requests.Length, grants.Count);
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(run.Ledger.Expect(requests[i]), (grants[i].GrantedNanos, grants[i].RemainingNanos));
            run.Ledger.Granted(requests[i], grants[i]);
        }
    }

    private static async Task PlayReclaimAsync(Run run, Move move)
    {
        (long now, long after, string? except) = (move.Numbers[0], move.Numbers[1] / 4, move.Numbers[2] % 3 == 0 ? null : $"n{move.Numbers[2] % 2}");
        LedgerOracle.Lease[] expired = [.. run.Ledger.Leases.Where(lease => lease.Open && lease.ExpiresTicks + after < now && lease.Node != except)];
        Assert.Equal(expired.Select(lease => lease.Id).Order(), (await run.Store.ReclaimAsync(except, now, after, default)).Order());
        foreach (LedgerOracle.Lease lease in expired) lease.Open = false;
    }

    private static async Task PlayReturnAsync(Run run, Move move)
    {
        LedgerOracle.Lease[] returned = [.. run.Ledger.Leases.Where((_, i) => move.Numbers[i % move.Numbers.Length] % 3 == 0)];
        await run.Store.ReturnAsync([.. returned.Select(lease => lease.Id)], default);
        foreach (LedgerOracle.Lease lease in returned) lease.Open = false;
    }

    private static async Task PlayPruneAsync(Run run, Move move)
    {
        // Nothing, the first of the two days, or both.
        int firstDay = Day + move.Numbers[0] % 3;
        long now = DayIsOld + (firstDay - Day - 1) * TimeSpan.TicksPerDay;
        bool takesAdjustments = move.Numbers[1] % 2 == 0;
        PruneResult expected = run.Ledger.Prune(firstDay, takesAdjustments);
        LedgerRetention retention = Retention with { Adjustments = takesAdjustments ? Retention.Days : TimeSpan.FromTicks(now) };
        Assert.Equal(expected, await run.Store.PruneAsync(retention, now, 1_000, default));
    }

    private static async Task PlayClaimAsync(Run run, int partition, string node)
        => Assert.Equal([run.Partitions.Claim(partition, node)], await run.Store.ClaimAsync(node, [partition], 4, default));

    private enum MoveKind
    {
        SetBudgets,
        Grant,
        Commit,
        Reclaim,
        Return,
        Claim,
        Prune,
    }

    private sealed record Move(MoveKind Kind, string Campaign, int Day, int[] Numbers)
    {
        public override string ToString() => $"{Kind} {Campaign} {Day} [{string.Join(' ', Numbers)}]";
    }

    /// <summary>A store and what it must say.</summary>
    private sealed class Run(ILedgerStore store)
    {
        public ILedgerStore Store => store;

        public LedgerOracle Ledger { get; } = new();

        public PartitionOracle Partitions { get; } = new();

        public long Commits { get; set; }
    }
}
