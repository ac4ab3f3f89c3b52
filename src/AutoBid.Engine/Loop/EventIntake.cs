using System.Runtime.InteropServices;
using AutoBid.Core.Time;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// log -> ledger: reads input events and has them applied. In deterministic mode events wait until a tick after them, and are applied sorted by
/// (time, identity). Refused ones go to the dead letters. Owned by the loop's thread.
/// Invariant: an event that was read is applied, or waits here and holds back the offset that is committed; no failure loses one in between.
/// </summary>
/// <param name="finishCommit">See <see cref="IUncommitted.FinishAsync"/>.</param>
public sealed class EventIntake(
    CampaignBook book, IEventLog log, ILedgerStore store, EventApplier applier, StepCloser closer, EngineClocks clocks, EngineMetrics metrics,
    Func<CancellationToken, ValueTask> finishCommit)
{
    private const int ReadBatch = 4096;

    /// <summary>Events of a backlog that are put into the order of time at once.</summary>
    private const int BacklogWindow = 131_072;

    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(20);

    /// <summary>A live tick waits no longer for what was appended before it: a log that stopped answering must not stop the decisions.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(2);

    private readonly EngineEvent[] _buffer = new EngineEvent[ReadBatch];
    private readonly List<RejectedEvent> _rejected = [];
    private readonly HashSet<long> _unknownLeases = [];

    // The part of the buffer that was read and not applied.
    private int _next;
    private int _end;

    // Read, and waiting for its tick (deterministic mode) or for its turn in a backlog.
    private readonly List<EngineEvent> _waiting = [];

    /// <summary>Events applied by this process, duplicates included.</summary>
    public long Applied { get; private set; }

    /// <summary>Refused events that are not in the dead letters yet.</summary>
    public bool HasRejected => _rejected.Count > 0;

    /// <summary>Reads what is there and applies it. Returns the number of events.</summary>
    public async ValueTask<int> ReadAsync(long nowTicks, CancellationToken cancellation)
    {
        if (_next == _end)
        {
            // What log.ReadAsync throws leaves nothing read.
            _next = _end = 0;
            _end = await log.ReadAsync(_buffer, IdleWait, cancellation).ConfigureAwait(false);
        }

        int first = _next;
        await LearnLeasesAsync(_buffer.AsMemory(_next, _end - _next), cancellation).ConfigureAwait(false);
        for (; _next < _end; _next++)
        {
            if (NeedsSettled(_buffer[_next], out int campaign, out int day)) await LearnSettledAsync(campaign, day, cancellation).ConfigureAwait(false);
            Apply(_buffer[_next], nowTicks);
        }

        await RejectAsync(cancellation).ConfigureAwait(false);
        return _end - first;
    }

    /// <summary>Reads everything that was appended before this call and applies it.</summary>
    /// <param name="everything">False: in deterministic mode, only what happened before <paramref name="nowTicks"/>.</param>
    /// <returns>False when not all of it came: the log stopped answering, or partitions change hands.</returns>
    public async ValueTask<bool> DrainAsync(long nowTicks, bool everything, CancellationToken cancellation)
    {
        // A node that was fenced owns nothing, whatever the log still hands over to it: that is read by the next owner.
        if (book.Owned.All.Count == 0) return true;
        IReadOnlyList<PartitionOffset> end = await log.EndOffsetsAsync(cancellation).ConfigureAwait(false);
        long started = clocks.Monotonic.GetTimestamp();
        while (!HasReached(end))
        {
            if (log.IsHandingOver) return false;
            if (clocks.Deterministic) await GatherAsync(cancellation).ConfigureAwait(false);
            else if (await ReadAsync(nowTicks, cancellation).ConfigureAwait(false) == 0 && clocks.Monotonic.GetElapsedTime(started) > LongestDrain) return false;
        }

        if (clocks.Deterministic) await ApplyDueAsync(nowTicks, everything, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Applies a window of what was appended while nobody owned these partitions, in the order of time, and closes each campaign's steps as its events pass
    /// their ends: a backlog that spans hours becomes the rows of those hours, not one row of now.
    /// </summary>
    /// <param name="end">Where the backlog ends.</param>
    /// <returns>True when its end is reached.</returns>
    public async ValueTask<bool> CatchUpAsync(IReadOnlyList<PartitionOffset> end, long nowTicks, CancellationToken cancellation)
    {
        long started = clocks.Monotonic.GetTimestamp();
        _waiting.AddRange(_buffer.AsSpan(_next, _end - _next));
        _next = _end = 0;
        while (_waiting.Count < BacklogWindow && !HasReached(end) && !log.IsHandingOver && clocks.Monotonic.GetElapsedTime(started) < LongestDrain)
            await GatherAsync(cancellation).ConfigureAwait(false);
        Sort();
        await ApplyWaitingAsync(_waiting.Count, nowTicks, closesSteps: true, cancellation).ConfigureAwait(false);
        await RejectAsync(cancellation).ConfigureAwait(false);
        return HasReached(end);
    }

    /// <summary>Forgets what was read of partitions that this node gave up: their next owner reads it.</summary>
    public void Forget(IReadOnlyList<int> partitions)
    {
        _waiting.RemoveAll(e => partitions.Contains(e.Partition));
        _rejected.RemoveAll(one => partitions.Contains(one.Event.Partition));
        int kept = _next;
        for (int i = _next; i < _end; i++)
            if (!partitions.Contains(_buffer[i].Partition)) _buffer[kept++] = _buffer[i];
        _end = kept;
    }

    /// <summary>Next offsets of the owned partitions to read after a crash: everything below them was applied.</summary>
    public IReadOnlyList<PartitionOffset> AppliedUpTo()
    {
        IEnumerable<PartitionOffset> position = log.Position.Where(at => book.Owned.Contains(at.Partition));
        if (_waiting.Count == 0 && _next == _end) return [.. position];
        var first = new Dictionary<(string Topic, int Partition), long>();
        HoldBack(first, CollectionsMarshal.AsSpan(_waiting));
        HoldBack(first, _buffer.AsSpan(_next, _end - _next));
        return [.. position.Select(at => first.TryGetValue((at.Topic, at.Partition), out long offset) ? at with { NextOffset = offset } : at)];
    }

    private static void HoldBack(Dictionary<(string Topic, int Partition), long> first, ReadOnlySpan<EngineEvent> unapplied)
    {
        foreach (ref readonly EngineEvent e in unapplied)
        {
            ref long offset = ref CollectionsMarshal.GetValueRefOrAddDefault(first, (Topic.Of(e.Kind), e.Partition), out bool known);
            offset = known ? Math.Min(offset, e.Offset) : e.Offset;
        }
    }

    private async ValueTask GatherAsync(CancellationToken cancellation)
    {
        int read = await log.ReadAsync(_buffer, IdleWait, cancellation).ConfigureAwait(false);
        _waiting.AddRange(_buffer.AsSpan(0, read));
    }

    // Settings first: an event of the same instant must find its campaign. Of contradictory duplicates the first in the log counts.
    private void Sort() => _waiting.Sort(static (a, b) =>
    {
        int byKind = (b.Kind == EventKind.Campaign).CompareTo(a.Kind == EventKind.Campaign);
        if (byKind != 0) return byKind;
        int byTime = a.TimeTicks.CompareTo(b.TimeTicks);
        if (byTime != 0) return byTime;
        int byIdentity = a.Identity.CompareTo(b.Identity);
        return byIdentity != 0 ? byIdentity : a.Offset.CompareTo(b.Offset);
    });

    private async ValueTask ApplyDueAsync(long nowTicks, bool everything, CancellationToken cancellation)
    {
        Sort();
        int due = 0;
        while (due < _waiting.Count && (everything || _waiting[due].Kind == EventKind.Campaign || _waiting[due].TimeTicks < nowTicks)) due++;
        await ApplyWaitingAsync(due, nowTicks, closesSteps: false, cancellation).ConfigureAwait(false);
        await RejectAsync(cancellation).ConfigureAwait(false);
    }

    private async ValueTask ApplyWaitingAsync(int count, long nowTicks, bool closesSteps, CancellationToken cancellation)
    {
        if (count == 0) return;
        await LearnLeasesAsync(_waiting.GetRange(0, count).ToArray(), cancellation).ConfigureAwait(false);
        int applied = 0;
        try
        {
            for (; applied < count; applied++)
            {
                EngineEvent e = _waiting[applied];
                // Settings have a version, not an instant: their time must begin no day.
                if (closesSteps && e.Kind != EventKind.Campaign && book.Index.TryFind(e.CampaignId, out int of) && book[of].IsOwned) closer.Advance(of, Math.Min(e.TimeTicks, nowTicks));
                if (NeedsSettled(e, out int campaign, out int day)) await LearnSettledAsync(campaign, day, cancellation).ConfigureAwait(false);
                Apply(e, nowTicks);
            }
        }
        finally
        {
            _waiting.RemoveRange(0, applied);
        }
    }

    /// <summary>
    /// Asks the store whose the leases are that these events name and nobody here knows, right before they are applied: in between no lease leaves this node.
    /// A lease is granted before it is bid under, so what the store does not know now it never will.
    /// </summary>
    private async ValueTask LearnLeasesAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
    {
        _unknownLeases.Clear();
        foreach (ref readonly EngineEvent e in events.Span)
            if (applier.NeedsOwnerOf(e)) _unknownLeases.Add(e.Lease);
        if (_unknownLeases.Count == 0) return;
        foreach (LeaseOwner owner in await store.FindLeasesAsync([.. _unknownLeases], cancellation).ConfigureAwait(false)) applier.Remember(owner);
    }

    private bool NeedsSettled(in EngineEvent e, out int campaign, out int day)
    {
        day = applier.NeedsSettledOf(e, out campaign);
        return day != 0;
    }

    private async ValueTask LearnSettledAsync(int campaign, int day, CancellationToken cancellation)
    {
        await finishCommit(cancellation).ConfigureAwait(false);
        Core.Campaigns.Campaign settings = book[campaign].Settings!;
        foreach (BudgetRow row in await store.BudgetsAsync(settings.TenantId, settings.Id, cancellation).ConfigureAwait(false))
            if (row.Scope == BudgetScope.Day && row.Period == day) applier.KnowSettled(campaign, day, row.SettledNanos);
    }

    private void Apply(in EngineEvent e, long nowTicks)
    {
        // A node that was fenced has given its partitions up before the log has taken them from it: what it still reads of them is their next owner's.
        if (!book.Owned.Contains(e.Partition)) return;
        Applied++;
        applier.Apply(e, nowTicks, out string? rejection);
        if (rejection is null) return;
        metrics.CountRejected(rejection);
        _rejected.Add(new RejectedEvent(e, rejection));
    }

    private bool HasReached(IReadOnlyList<PartitionOffset> end)
    {
        IReadOnlyList<PartitionOffset> position = log.Position;
        foreach (PartitionOffset wanted in end)
        {
            if (wanted.NextOffset == 0) continue;
            bool reached = false;
            foreach (PartitionOffset at in position)
                if (at.Partition == wanted.Partition && at.Topic == wanted.Topic) reached = at.NextOffset >= wanted.NextOffset;
            if (!reached) return false;
        }

        return true;
    }

    private async ValueTask RejectAsync(CancellationToken cancellation)
    {
        if (_rejected.Count == 0) return;
        await log.RejectAsync(_rejected, cancellation).ConfigureAwait(false);
        _rejected.Clear();
    }
}
