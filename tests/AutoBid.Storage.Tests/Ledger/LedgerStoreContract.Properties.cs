using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Storage.Tests.Ledger;

public abstract partial class LedgerStoreContract
{
    private static readonly string[] Campaigns = ["c1", "c2", "c3"];
    private static readonly string?[] Accounts = [null, "brand", "brand", "other"];

    [Fact]
    public void Any_history_keeps_the_invariant_and_the_sums_of_the_oracle()
    {
        Gen<Move> move =
            from kind in Gen.Frequency((2, Gen.Constant(MoveKind.SetBudgets)), (6, Gen.Constant(MoveKind.Grant)), (6, Gen.Constant(MoveKind.Commit)), (1, Gen.Constant(MoveKind.Reclaim)))
            from campaign in Gen.Elements(Campaigns)
            from day in Gen.Choose(0, 1)
            from numbers in Gen.Choose(0, 400).ArrayOf(6)
            select new Move(kind, campaign, Day + day, numbers);
        Gen<Move[]> history = Gen.Choose(1, 40).SelectMany(length => move.ArrayOf(length));
        Prop.ForAll(Arb.From(history, WithoutOne), moves => PlayAsync(moves).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private static IEnumerable<Move[]> WithoutOne(Move[] moves)
        => Enumerable.Range(0, moves.Length).Select(skip => moves.Where((_, i) => i != skip).ToArray());

    private async Task PlayAsync(Move[] moves)
    {
        await using ILedgerFixture fixture = await CreateAsync();
        var oracle = new LedgerOracle();
        foreach (Move move in moves)
        {
            await (move.Kind switch
            {
                MoveKind.SetBudgets => PlayBudgetsAsync(fixture.Store, oracle, move),
                MoveKind.Grant => PlayGrantAsync(fixture.Store, oracle, move),
                MoveKind.Commit => PlayCommitAsync(fixture.Store, oracle, move),
                _ => PlayReclaimAsync(fixture.Store, oracle, move),
            });
            foreach (string campaign in Campaigns) oracle.Check(campaign, await fixture.Store.BudgetsAsync(Tenant, campaign, default));
        }

        await fixture.ReopenAsync();
        Assert.Equal(
            oracle.Leases.Where(lease => lease.Open)
                .Select(lease => new OpenLease(lease.Id, Tenant, lease.Campaign, lease.Day, lease.Node, lease.GrantedNanos, lease.SettledNanos, lease.ExpiresTicks))
                .OrderBy(lease => lease.LeaseId),
            (await fixture.Store.LoadAsync(0, default)).Leases.OrderBy(lease => lease.LeaseId));
    }

    private static async Task PlayBudgetsAsync(ILedgerStore store, LedgerOracle oracle, Move move)
    {
        int[] n = move.Numbers;
        string? account = Accounts[n[1] % Accounts.Length];
        var setting = new BudgetSetting(
            Tenant, move.Campaign, move.Day, n[0], n[2] % 2 == 0 ? n[3] : null, account, account is not null && n[4] % 3 > 0 ? n[5] : null);
        await store.SetBudgetsAsync([setting], default);
        oracle.SetBudgets(setting);
    }

    private static async Task PlayGrantAsync(ILedgerStore store, LedgerOracle oracle, Move move)
    {
        int[] n = move.Numbers;
        LeaseRequest[] requests =
        [
            Request(move.Campaign, $"n{n[0] % 2}", n[1] / 4, expires: n[2], day: move.Day),
            Request(Campaigns[n[3] % Campaigns.Length], $"n{n[3] % 2}", n[4] / 4, expires: n[5], day: Day),
        ];
        IReadOnlyList<LeaseGrant> grants = await store.GrantAsync(requests, default);
        Assert.Equal(requests.Length, grants.Count);
        for (int i = 0; i < requests.Length; i++)
        {
            Assert.Equal(oracle.Expect(requests[i]), (grants[i].GrantedNanos, grants[i].RemainingNanos));
            oracle.Granted(requests[i], grants[i]);
        }
    }

    private static async Task PlayCommitAsync(ILedgerStore store, LedgerOracle oracle, Move move)
    {
        int[] n = move.Numbers;
        var commit = new LedgerCommit();
        bool valid = true;
        LedgerOracle.Lease? billed = oracle.Leases.Count > 0 ? oracle.Leases[n[0] % oracle.Leases.Count] : null;
        long bill = n[1] / 5;
        if (billed is not null)
        {
            commit.Settlements.Add(new LeaseSettlement(billed.Id, bill));
            valid &= billed.Open && bill <= billed.GrantedNanos - billed.SettledNanos;
        }

        long amount = n[2] % 3 == 0 ? (n[3] - 200) / 5 : 0;
        if (amount != 0)
        {
            commit.Adjustments.Add(Adjust(move.Campaign, amount, move.Day));
            long billedToo = billed is not null && billed.Campaign == move.Campaign && billed.Day == move.Day ? bill : 0;
            valid &= oracle.CanAdjust(move.Campaign, move.Day, amount + billedToo);
        }

        LedgerOracle.Lease? closed = oracle.Leases.Count > 0 && n[4] % 4 == 0 ? oracle.Leases[n[5] % oracle.Leases.Count] : null;
        if (closed is not null) commit.ClosedLeases.Add(closed.Id);

        if (!valid)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.CommitAsync(commit, default));
            return;
        }

        await store.CommitAsync(commit, default);
        if (billed is not null) billed.SettledNanos += bill;
        if (amount != 0) oracle.Adjust(move.Campaign, move.Day, amount);
        if (closed is not null) closed.Open = false;
    }

    private static async Task PlayReclaimAsync(ILedgerStore store, LedgerOracle oracle, Move move)
    {
        long before = move.Numbers[0] / 2;
        LedgerOracle.Lease[] expired = [.. oracle.Leases.Where(lease => lease.Open && lease.ExpiresTicks < before)];
        Assert.Equal(expired.Select(lease => lease.Id).Order(), (await store.ReclaimAsync(before, default)).Order());
        foreach (LedgerOracle.Lease lease in expired) lease.Open = false;
    }

    private enum MoveKind
    {
        SetBudgets,
        Grant,
        Commit,
        Reclaim,
    }

    private sealed record Move(MoveKind Kind, string Campaign, int Day, int[] Numbers)
    {
        public override string ToString() => $"{Kind} {Campaign} {Day} [{string.Join(' ', Numbers)}]";
    }
}
