using System.Runtime.InteropServices;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Loop;

/// <summary>
/// log -> ledger: reads input events and has them applied. In deterministic mode events wait until a tick after them, and are applied sorted by
/// (time, identity). Refused ones go to the dead letters. Owned by the loop's thread.
/// </summary>
public sealed class EventIntake(IEventLog log, ILedgerStore store, EventApplier applier, EngineMetrics metrics, bool deterministic)
{
    private const int ReadBatch = 4096;

    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(20);

    private readonly EngineEvent[] _buffer = new EngineEvent[ReadBatch];
    private readonly List<RejectedEvent> _rejected = [];
    private readonly HashSet<long> _unknownLeases = [];

    // Read but not applied. Offsets are committed up to the first of them: after a crash they are read again, and what was applied behind them is a duplicate.
    private readonly List<EngineEvent> _waiting = [];

    /// <summary>Events applied by this process, duplicates included.</summary>
    public long Applied { get; private set; }

    /// <summary>Reads what is there and applies it. Returns the number of events.</summary>
    public async ValueTask<int> ReadAsync(long nowTicks, CancellationToken cancellation)
    {
        int read = await log.ReadAsync(_buffer, IdleWait, cancellation).ConfigureAwait(false);
        LookForUnknownLeases(_buffer.AsSpan(0, read));
        await LearnLeasesAsync(cancellation).ConfigureAwait(false);
        for (int i = 0; i < read; i++)
        {
            if (Misses(_buffer[i], out int day, out int campaign)) await KnowSettledAsync(_buffer[i], campaign, day, cancellation).ConfigureAwait(false);
            Apply(_buffer[i], nowTicks);
        }

        await RejectAsync(cancellation).ConfigureAwait(false);
        return read;
    }

    /// <summary>Reads everything that was appended before this call and applies it.</summary>
    /// <param name="everything">False: in deterministic mode, only what happened before <paramref name="nowTicks"/>.</param>
    public async ValueTask DrainAsync(long nowTicks, bool everything, CancellationToken cancellation)
    {
        IReadOnlyList<PartitionOffset> end = await log.EndOffsetsAsync(cancellation).ConfigureAwait(false);
        while (!HasReached(end))
        {
            int read = await log.ReadAsync(_buffer, IdleWait, cancellation).ConfigureAwait(false);
            if (!deterministic) LookForUnknownLeases(_buffer.AsSpan(0, read));
            await LearnLeasesAsync(cancellation).ConfigureAwait(false);
            for (int i = 0; i < read; i++)
            {
                if (deterministic)
                {
                    _waiting.Add(_buffer[i]);
                    continue;
                }

                if (Misses(_buffer[i], out int day, out int campaign)) await KnowSettledAsync(_buffer[i], campaign, day, cancellation).ConfigureAwait(false);
                Apply(_buffer[i], nowTicks);
            }
        }

        if (_waiting.Count > 0) await ApplyDueAsync(nowTicks, everything, cancellation).ConfigureAwait(false);
        await RejectAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Next offsets to read after a crash: everything below them was applied.</summary>
    public IReadOnlyList<PartitionOffset> AppliedUpTo()
    {
        if (_waiting.Count == 0) return log.Position;
        var first = new Dictionary<(string Topic, int Partition), long>();
        foreach (ref readonly EngineEvent e in CollectionsMarshal.AsSpan(_waiting))
        {
            ref long offset = ref CollectionsMarshal.GetValueRefOrAddDefault(first, (Topic.Of(e.Kind), e.Partition), out bool known);
            offset = known ? Math.Min(offset, e.Offset) : e.Offset;
        }

        return [.. log.Position.Select(at => first.TryGetValue((at.Topic, at.Partition), out long offset) ? at with { NextOffset = offset } : at)];
    }

    private async ValueTask ApplyDueAsync(long nowTicks, bool everything, CancellationToken cancellation)
    {
        // Settings first: an event of the same instant must find its campaign. Of contradictory duplicates the first in the log counts.
        _waiting.Sort(static (a, b) =>
        {
            int byKind = (b.Kind == EventKind.Campaign).CompareTo(a.Kind == EventKind.Campaign);
            if (byKind != 0) return byKind;
            int byTime = a.TimeTicks.CompareTo(b.TimeTicks);
            if (byTime != 0) return byTime;
            int byIdentity = a.Identity.CompareTo(b.Identity);
            return byIdentity != 0 ? byIdentity : a.Offset.CompareTo(b.Offset);
        });
        int due = 0;
        while (due < _waiting.Count && (everything || _waiting[due].Kind == EventKind.Campaign || _waiting[due].TimeTicks < nowTicks)) due++;
        LookForUnknownLeases(CollectionsMarshal.AsSpan(_waiting)[..due]);
        await LearnLeasesAsync(cancellation).ConfigureAwait(false);
        for (int i = 0; i < due; i++)
        {
            if (Misses(_waiting[i], out int day, out int campaign)) await KnowSettledAsync(_waiting[i], campaign, day, cancellation).ConfigureAwait(false);
            Apply(_waiting[i], nowTicks);
        }

        _waiting.RemoveRange(0, due);
    }

    private void LookForUnknownLeases(ReadOnlySpan<EngineEvent> events)
    {
        foreach (ref readonly EngineEvent e in events)
            if (applier.NeedsOwnerOf(e)) _unknownLeases.Add(e.Lease);
    }

    /// <summary>
    /// Asks the store whose the leases are that bills name and nobody here knows, right before they are applied: in between no lease leaves this node.
    /// A lease is granted before it is bid under, so what the store does not know now it never will.
    /// </summary>
    private async ValueTask LearnLeasesAsync(CancellationToken cancellation)
    {
        if (_unknownLeases.Count == 0) return;
        foreach (LeaseOwner owner in await store.FindLeasesAsync([.. _unknownLeases], cancellation).ConfigureAwait(false)) applier.Remember(owner);
        _unknownLeases.Clear();
    }

    // Hardly ever true, and all that could make applying an event wait: what follows is a call without a task for each event.
    private bool Misses(in EngineEvent e, out int day, out int campaign) => (day = applier.NeedsSettledOf(e, out campaign)) != 0;

    private async ValueTask KnowSettledAsync(EngineEvent e, int campaign, int day, CancellationToken cancellation)
    {
        foreach (BudgetRow row in await store.BudgetsAsync(e.TenantId, e.CampaignId, cancellation).ConfigureAwait(false))
            if (row.Scope == BudgetScope.Day && row.Period == day) applier.KnowSettled(campaign, day, row.SettledNanos);
    }

    private void Apply(in EngineEvent e, long nowTicks)
    {
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
