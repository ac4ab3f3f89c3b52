using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <content>The commits of random histories: every kind of row, now and then under a stale epoch, invalid, or twice.</content>
public abstract partial class LedgerStoreContract
{
    private static async Task PlayCommitAsync(Run run, Move move)
    {
        int[] n = move.Numbers;
        var commit = new LedgerCommit { Sequence = ++run.Commits };
        commit.Epochs.AddRange([run.Partitions.Held(0), run.Partitions.Held(1)]);
        bool valid = FillMoney(run, move, commit);
        FillSeen(move, commit);
        if (n[8] % 8 == 0)
        {
            commit.Epochs[1] = commit.Epochs[1] with { Epoch = commit.Epochs[1].Epoch - 1 };
            await Assert.ThrowsAsync<FencedException>(async () => await run.Store.CommitAsync(commit, default));
            return;
        }

        if (!valid)
        {
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await run.Store.CommitAsync(commit, default));
            return;
        }

        IReadOnlyList<Adjustment> listed = (await run.Store.CommitAsync(commit, default)).Adjustments;
        foreach (LeaseSettlement bill in commit.Settlements) run.Ledger.Leases.Single(lease => lease.Id == bill.LeaseId).SettledNanos += bill.AmountNanos;
        Assert.Equal([.. commit.OutsideBills.Select(bill => run.Ledger.Bill(bill)).OfType<Adjustment>()], listed);
        foreach (Adjustment one in commit.Adjustments) run.Ledger.Adjust(one.CampaignId, one.Day, one.AmountNanos);
        foreach (long id in commit.ClosedLeases) run.Ledger.Leases.Single(lease => lease.Id == id).Open = false;
        run.Partitions.Committed(commit);

        // A caller that never got the answer repeats the commit.
        if (n[8] % 3 == 0) Assert.Equal(listed, (await run.Store.CommitAsync(commit, default)).Adjustments);
    }

    /// <summary>False when the store must refuse it.</summary>
    private static bool FillMoney(Run run, Move move, LedgerCommit commit)
    {
        int[] n = move.Numbers;
        bool valid = true;
        long billedToo = 0;
        IReadOnlyList<LedgerOracle.Lease> leases = run.Ledger.Leases;
        if (leases.Count > 0 && n[0] % 3 > 0)
        {
            LedgerOracle.Lease billed = leases[n[0] % leases.Count];
            long bill = n[1] / 5;
            commit.Settlements.Add(new LeaseSettlement(billed.Id, bill));
            valid = billed.Open && bill <= billed.GrantedNanos - billed.SettledNanos;
            if (billed.Campaign == move.Campaign && billed.Day == move.Day) billedToo += bill;
        }

        for (int i = 0; i < n[6] % 4; i++)
        {
            // One lease beyond the last is unknown, or was forgotten.
            long lease = leases.Count == 0 ? 77 : (n[6] + i) % (leases.Count + 1) is var at && at < leases.Count ? leases[at].Id : run.Ledger.ForgottenLease ?? 1_000_000;
            string campaign = n[7] % 5 == i ? Campaigns[i] : leases.FirstOrDefault(one => one.Id == lease)?.Campaign ?? move.Campaign;
            var outside = new OutsideBill(lease, Adjust(campaign, (n[7] + (50 * i)) % 90, move.Day) with { Identity = Identity((ulong)((run.Commits * 1_000) + i)) });
            commit.OutsideBills.Add(outside);
            if (campaign == move.Campaign && run.Ledger.DayOf(outside) == move.Day) billedToo += outside.Bill.AmountNanos;
        }

        long amount = n[2] % 3 == 0 ? (n[3] - 200) / 5 : 0;
        if (amount != 0)
        {
            commit.Adjustments.Add(Adjust(move.Campaign, amount, move.Day));
            valid &= run.Ledger.CanAdjust(move.Campaign, move.Day, amount + billedToo);
        }

        if (leases.Count > 0 && n[4] % 4 == 0) commit.ClosedLeases.Add(leases[n[5] % leases.Count].Id);
        return valid;
    }

    private static void FillSeen(Move move, LedgerCommit commit)
    {
        int[] n = move.Numbers;
        byte[] blob = [(byte)commit.Sequence, .. new byte[n[9] % 3]];
        commit.States.Add(new CampaignState(Tenant, move.Campaign, PartitionOf(move.Campaign), 0, n[9] % 7 == 0 ? [] : blob));
        commit.Offsets = [new PartitionOffset("spend", n[9] % 2, commit.Sequence), new PartitionOffset("bids", n[9] % 2, n[9])];
        for (int i = 0; i < n[9] % 4; i++) commit.Seen.Add(new SeenBlock(i % 2, (SeenKind)(n[8] % 2), n[9] % 3, [.. blob, (byte)i]));
        if (n[9] % 5 == 0) commit.SeenReplaced.Add(new SeenBlock(n[8] % 2, SeenKind.Ids, n[7] % 3, blob));
        if (n[9] % 6 == 0) commit.SeenDropped.Add(new SeenKey(n[8] % 2, SeenKind.Ids, n[7] % 2));
    }
}
