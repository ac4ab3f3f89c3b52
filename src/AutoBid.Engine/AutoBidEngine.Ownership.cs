using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine;

/// <content>
/// How partitions come and go. Invariant: state of a partition is in memory exactly while this node holds its epoch, and whatever it commits carries that
/// epoch, so that of two nodes that both believe to own a partition only the later one can change the ledger.
/// </content>
public sealed partial class AutoBidEngine : IPartitionOwner
{
    private static readonly TimeSpan ClaimRetry = TimeSpan.FromMilliseconds(500);

    // Since when the part of a takeover that is under way lasts; 0: none is.
    private long _recovering;

    // Where reading stood when partitions came: up to there events are a backlog. Empty: not asked yet; null: there is none.
    private IReadOnlyList<PartitionOffset>? _backlogEnd;

    /// <inheritdoc />
    async ValueTask IPartitionOwner.TakeAsync(
        IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                long started = _clocks.Monotonic.GetTimestamp();
                // Before the gate: bids and leases of the rest go on while the store answers.
                IReadOnlyList<PartitionClaim> claims = await _store.ClaimAsync(_options.Node, partitions, _log.Partitions, cancellation).ConfigureAwait(false);
                LedgerSnapshot snapshot = await _store.LoadAsync(partitions, cancellation).ConfigureAwait(false);
                _metrics.RecordRecovery("ledger", _clocks.Monotonic.GetElapsedTime(started));
                await _settings.ConfigureAwait(false);
                await RestoreAsync(claims, snapshot, begin, cancellation).ConfigureAwait(false);
                return;
            }
            // Settings that could not be read end the start: claiming again would not bring them.
            catch (StoreUnavailableException e) when (_options.SharesPartitions && !_settings.IsFaulted)
            {
                _storeOutage.Failed(e);
                await Task.Delay(ClaimRetry, _clocks.Monotonic, cancellation).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc />
    async ValueTask IPartitionOwner.GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            try
            {
                if (Book.Owned.All.Count > 0) await CommitAllAsync(cancellation).ConfigureAwait(false);
            }
            catch (Exception e) when (Outage.Is(e) || e is FencedException)
            {
                // The next owner begins before what is not committed.
            }

            Drop(partitions);
            end();
        }
        finally
        {
            _gate.Release();
        }

        await TellOutcomesAsync(cancellation).ConfigureAwait(false);
    }

    private async ValueTask RestoreAsync(
        IReadOnlyList<PartitionClaim> claims, LedgerSnapshot snapshot, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            long now = _clocks.NowTicks;
            _recovering = _clocks.Monotonic.GetTimestamp();
            Book.Place(_log.PartitionOf);
            Book.Own(claims);
            foreach (CampaignState state in snapshot.States)
            {
                if (!Book.Index.TryFind(state.CampaignId, out int index)) continue;
                StateCodec.Read(Book, index, state);
                // Its budgets are told already; where they are not, telling them does this.
                if (state.Day == CampaignState.Running && Book[index].BudgetDay != 0) _refiller.Prepare(index);
            }

            _seen.Load(snapshot.Seen, now);
            foreach (OpenLease lease in snapshot.Leases)
            {
                _applier.Remember(new LeaseOwner(lease.LeaseId, lease.TenantId, lease.CampaignId, lease.Day, lease.Node));
                // The last owner settled bills of this node's bids; of some this node may never have heard. From here on only this node settles them.
                Leases.Reconcile(lease.LeaseId, lease.GrantedNanos, lease.SettledNanos);
            }

            Recovered("restore");
            await begin(snapshot.Offsets).ConfigureAwait(false);
            if (_clocks.Deterministic) return;
            _backlogEnd = [];
            // Their campaigns are decided at once, not at the next tick: the slots of their last owner run out.
            _nextTick = Math.Min(_nextTick, now);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void DropAll()
    {
        _metrics.CountFenced();
        Drop([.. Book.Owned.All.Select(one => one.Partition)]);
    }

    private void Drop(IReadOnlyList<int> partitions)
    {
        _intake.Forget(partitions);
        Book.Disown(partitions);
        // Holds that these bills ended are not there any more when the bills are told again.
        foreach (LeaseSettlement one in _committer.Uncommitted) Leases.Unsettle(one.LeaseId, one.AmountNanos);
        // The group's protocol is eager: all partitions go before new ones come, so nothing that stays is forgotten with them.
        _toReturn.AddRange(_committer.Forget());
        foreach (int partition in partitions) _seen.Drop(partition);
        _backlogEnd = null;
        _reclaimAt = _recovering = 0;
    }

    /// <summary>A part of a takeover is done, and the next one begins.</summary>
    private void Recovered(string part)
    {
        if (_recovering == 0) return;
        _metrics.RecordRecovery(part, _clocks.Monotonic.GetElapsedTime(_recovering));
        _recovering = part == "tick" ? 0 : _clocks.Monotonic.GetTimestamp();
    }
}
