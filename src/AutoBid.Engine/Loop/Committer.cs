using AutoBid.Core.Time;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// ledger -> store: makes durable what was applied, together with the offsets up to which it was. The store writes while the loop applies what comes next.
/// Owned by the loop's thread.
/// Invariant: what was taken out of <see cref="PendingCommit"/> is in exactly one commit, there is one at a time, and it is repeated as it is until the store
/// has taken it: whether an attempt that failed was applied only the store knows.
/// </summary>
public sealed class Committer(
    CampaignBook book, PendingCommit pending, EventIntake intake, EventApplier applier, ILedgerStore store, EngineClocks clocks, EngineMetrics metrics)
    : IUncommitted
{
    /// <summary>Events applied and not committed from which on reading waits for the store: what they take in memory is bounded by it.</summary>
    private const int MostPending = 500_000;

    /// <summary>States that only a decision changed, in one commit: a tick over a million campaigns must not keep leases waiting for its transaction.</summary>
    private const int MostDecided = 10_000;

    /// <summary>A commit that took long because the store, or this process, stood still says nothing about the next one.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private LedgerCommit? _unconfirmed;
    private Task<(CommitResult Result, TimeSpan Cost)>? _answer;
    private List<LeaseOutcomes> _outcomes = [];
    private List<LeaseOutcomes> _unconfirmedOutcomes = [];
    private IReadOnlyDictionary<long, long> _unconfirmedDivided = new Dictionary<long, long>();
    private long _commits;
    private long _started;
    private TimeSpan _cost;

    /// <summary>True when so much waits for the store that nothing more should be applied.</summary>
    public bool IsFull => pending.Events >= MostPending;

    /// <summary>True from when a commit is put together until the store is known to have it.</summary>
    public bool IsUnderWay => _unconfirmed is not null;

    /// <summary>True when the store has answered, or refused, what was begun: <see cref="FinishAsync"/> does not wait then.</summary>
    public bool HasAnswer => _answer is { IsCompleted: true };

    /// <summary>Bills under leases of other nodes that the next commit carries, per lease.</summary>
    public IEnumerable<OutsideBill> Coming => pending.OutsideBills.Concat(_unconfirmed?.OutsideBills ?? []);

    /// <inheritdoc />
    public long SettledOf(long leaseId)
    {
        long nanos = pending.SettledOf(leaseId);
        if (_unconfirmed is null) return nanos;
        nanos += _unconfirmedDivided.GetValueOrDefault(leaseId);
        foreach (LeaseSettlement one in _unconfirmed.Settlements)
            if (one.LeaseId == leaseId) nanos += one.AmountNanos;
        return nanos;
    }

    /// <summary>What was settled under leases of this node and is not known to be in the store.</summary>
    public IEnumerable<LeaseSettlement> Uncommitted
        => _unconfirmed is null
            ? pending.Settlements
            : [.. pending.Settlements, .. _unconfirmed.Settlements, .. _unconfirmedDivided.Select(pair => new LeaseSettlement(pair.Key, pair.Value))];

    /// <summary>
    /// Whether it is time to begin one. The store is at work for at most a tenth of the time: when it is slow, commits are made less often, but for one
    /// that reading waits for. The first one, of what a start changed, is due at once.
    /// </summary>
    public bool IsDue(TimeSpan interval)
    {
        if (_answer is not null) return false;
        TimeSpan since = clocks.Monotonic.GetElapsedTime(_started);
        return IsFull || _commits == 0 || (since >= interval && (since >= 10 * _cost || since >= LongestPause));
    }

    /// <summary>Begins a commit of what was applied, after the one before it is finished. Nothing of it is known to be durable when this returns.</summary>
    /// <param name="everything">Also all that was only decided, however much it is.</param>
    public async ValueTask BeginAsync(bool everything, CancellationToken cancellation)
    {
        _started = clocks.Monotonic.GetTimestamp();
        await FinishAsync(cancellation).ConfigureAwait(false);
        if (TryTake(everything ? int.MaxValue : MostDecided)) _answer = AskAsync(_unconfirmed!, cancellation);
    }

    /// <inheritdoc />
    public async ValueTask FinishAsync(CancellationToken cancellation)
    {
        while (_unconfirmed is not null)
        {
            try
            {
                (CommitResult result, TimeSpan cost) = await (_answer ??= AskAsync(_unconfirmed, cancellation)).ConfigureAwait(false);
                Confirm(result, cost);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // Whoever began it was stopped; whoever waits now was not.
            }
            finally
            {
                _answer = null;
            }
        }
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
        // An attempt that is still under way carries epochs that are over or soon will be: the store takes it before the next owner's claim, or refuses it.
        _answer?.ContinueWith(static one => one.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        _answer = null;
        _unconfirmed = null;
        _unconfirmedOutcomes.Clear();
        pending.Clear();
        applier.CommitBegins();
        applier.ForgetSettled();
        book.TakeDirty(int.MaxValue);
        return ended;
    }

    /// <summary>The cost is the store's alone: the loop may look at the answer much later.</summary>
    private async Task<(CommitResult Result, TimeSpan Cost)> AskAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        long started = clocks.Monotonic.GetTimestamp();
        CommitResult result = await store.CommitAsync(commit, cancellation).ConfigureAwait(false);
        return (result, clocks.Monotonic.GetElapsedTime(started));
    }

    /// <summary>Puts together what was applied. False: there is nothing to commit now.</summary>
    private bool TryTake(int mostDecided)
    {
        // An offset may pass a refused event only when that is safe with the dead letters.
        if (intake.HasRejected || (!book.HasDirty && pending.IsEmpty)) return false;
        var states = new List<CampaignState>();
        foreach (int campaign in book.TakeDirty(mostDecided))
            if (book[campaign] is { IsOwned: true, Settings: not null }) StateCodec.Add(book, campaign, states);

        if (states.Count == 0 && pending.IsEmpty) return false;
        _unconfirmedDivided = pending.TakeDivided();
        LedgerCommit commit = pending.Take();
        commit.Sequence = ++_commits;
        commit.Epochs.AddRange(book.Owned.All);
        commit.States.AddRange(states);
        commit.Offsets = intake.AppliedUpTo();
        _unconfirmed = commit;
        applier.CommitBegins();
        _unconfirmedOutcomes = pending.TakeOutcomes();
        return true;
    }

    private void Confirm(CommitResult result, TimeSpan cost)
    {
        _unconfirmed = null;
        _outcomes.AddRange(_unconfirmedOutcomes);
        _unconfirmedOutcomes.Clear();
        applier.ForgetSettled();
        applier.Listed(result.Adjustments);
        _cost = cost;
        metrics.RecordCommit(cost);
    }
}
