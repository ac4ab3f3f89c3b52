using AutoBid.Core.Time;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// ledger -> store: makes durable what was applied, together with the offsets up to which it was. Owned by the loop's thread.
/// Invariant: what was taken out of <see cref="PendingCommit"/> is in exactly one commit, and that commit is repeated as it is until the store has taken it:
/// whether an attempt that failed was applied only the store knows.
/// </summary>
public sealed class Committer(
    CampaignBook book, PendingCommit pending, EventIntake intake, EventApplier applier, ILedgerStore store, EngineClocks clocks, EngineMetrics metrics)
{
    /// <summary>Events applied and not committed from which on reading waits for the store: what they take in memory is bounded by it.</summary>
    private const int MostPending = 500_000;

    private LedgerCommit? _unconfirmed;
    private List<LeaseOutcomes> _outcomes = [];
    private List<LeaseOutcomes> _unconfirmedOutcomes = [];
    private long _commits;
    private long _started;
    private TimeSpan _cost;

    /// <summary>True when so much waits for the store that nothing more should be applied.</summary>
    public bool IsFull => pending.Events >= MostPending;

    /// <summary>Bills under leases of other nodes that the next commit carries, per lease.</summary>
    public IEnumerable<OutsideBill> Coming => pending.OutsideBills.Concat(_unconfirmed?.OutsideBills ?? []);

    /// <summary>What was settled under a lease of this node and is not known to be in the store, nanos.</summary>
    public long PendingOf(long leaseId)
    {
        long nanos = pending.SettledOf(leaseId);
        if (_unconfirmed is null) return nanos;
        foreach (LeaseSettlement one in _unconfirmed.Settlements)
            if (one.LeaseId == leaseId) nanos += one.AmountNanos;
        return nanos;
    }

    /// <summary>What was settled under leases of this node and is not known to be in the store.</summary>
    public IEnumerable<LeaseSettlement> Uncommitted => pending.Settlements.Concat(_unconfirmed?.Settlements ?? []);

    /// <summary>Whether it is time again. A commit never takes more than a tenth of the loop: when it is slow, it is made less often.</summary>
    public bool IsDue(TimeSpan interval)
    {
        TimeSpan since = clocks.Monotonic.GetElapsedTime(_started);
        return since >= interval && since >= 10 * _cost;
    }

    public async ValueTask CommitAsync(CancellationToken cancellation)
    {
        _started = clocks.Monotonic.GetTimestamp();
        if (_unconfirmed is not null) await ConfirmAsync(cancellation).ConfigureAwait(false);
        // An offset may pass a refused event only when that is safe with the dead letters.
        if (intake.HasRejected || (!book.HasDirty && pending.IsEmpty)) return;
        var states = new List<CampaignState>();
        foreach (int campaign in book.TakeDirty())
        {
            ref CampaignEntry entry = ref book[campaign];
            if (!entry.IsOwned || entry.Settings is not { } settings) continue;
            // One row a campaign: the blob says which day it is.
            states.Add(new CampaignState(settings.TenantId, settings.Id, entry.Partition, 0, StateCodec.Write(book, campaign)));
        }

        if (states.Count == 0 && pending.IsEmpty) return;
        LedgerCommit commit = pending.Take();
        commit.Sequence = ++_commits;
        commit.Epochs.AddRange(book.Owned.All);
        commit.States.AddRange(states);
        commit.Offsets = intake.AppliedUpTo();
        _unconfirmed = commit;
        applier.CommitBegins();
        _unconfirmedOutcomes = pending.TakeOutcomes();
        await ConfirmAsync(cancellation).ConfigureAwait(false);
        _cost = clocks.Monotonic.GetElapsedTime(_started);
        metrics.RecordCommit(_cost);
    }

    /// <summary>Outcomes of other nodes' bids that are durable now: nobody may hear of one that a crash could take back.</summary>
    public IReadOnlyList<LeaseOutcomes> TakeOutcomes()
    {
        if (_outcomes.Count == 0) return [];
        List<LeaseOutcomes> taken = _outcomes;
        _outcomes = [];
        return taken;
    }

    /// <summary>The partitions belong to another node: what was not committed, that one reads again.</summary>
    /// <returns>Leases of this node that were to end with a commit: they are this node's to give back.</returns>
    public List<long> Forget()
    {
        List<long> ended = [.. _unconfirmed?.ClosedLeases ?? [], .. pending.ClosedLeases];
        _unconfirmed = null;
        _unconfirmedOutcomes.Clear();
        pending.Clear();
        applier.CommitBegins();
        applier.ForgetSettled();
        book.TakeDirty();
        return ended;
    }

    private async ValueTask ConfirmAsync(CancellationToken cancellation)
    {
        CommitResult result = await store.CommitAsync(_unconfirmed!, cancellation).ConfigureAwait(false);
        _unconfirmed = null;
        _outcomes.AddRange(_unconfirmedOutcomes);
        _unconfirmedOutcomes.Clear();
        applier.ForgetSettled();
        applier.Listed(result.Adjustments);
    }
}
