using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine;

/// <content>
/// The loop. In live mode a store or a log that does not answer stops only what needs it: bids go on from headroom until it is used up, decisions until
/// their inputs are stale, and nothing that was applied is lost, because it stays pending until it is committed.
/// </content>
public sealed partial class AutoBidEngine
{
    private static readonly TimeSpan IdleWait = TimeSpan.FromMilliseconds(20);

    /// <summary>Between two signs of life, and two looks at what the other nodes have in the log.</summary>
    private static readonly long BeatTicks = TimeSpan.TicksPerSecond;

    private readonly List<long> _retired = [];
    private readonly List<long> _toReturn = [];
    private long _nextBeat;

    // The tick after whose commit dead leases are taken back: bills under them that were applied by then are in it. 0: done, or its commit was not begun.
    private long _reclaimAt;

    /// <summary>The live loop: applies events as they come, ticks when due, until cancelled. Ends with a last commit.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                bool hasRead = await RoundAsync(cancellation).ConfigureAwait(false);
                // Reading waits for events; without it the loop must not spin.
                if (!hasRead) await Task.Delay(IdleWait, _clocks.Monotonic, cancellation).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The host stops: what was applied is committed below.
        }

        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await CommitAllAsync(CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (Outage.Is(e) || e is FencedException)
        {
            // Uncommitted is unread: the next start, or the next owner, begins before it.
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>One round of the loop, between calls from outside.</summary>
    /// <returns>False when nothing could be read, which is what paces the loop.</returns>
    internal async Task<bool> RoundAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await RunOnceAsync(cancellation).ConfigureAwait(false);
        }
        catch (FencedException) when (_options.SharesPartitions)
        {
            // The group took this node for dead and gave its partitions away; it will say so here too, and give it others.
            DropAll();
            return false;
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        _feed.Apply();
        bool hasRead = await ReadAsync(cancellation).ConfigureAwait(false);

        long now = _clocks.NowTicks;
        // The wall clock went back: without a new grid nothing would be decided until the old instant comes again.
        if (_nextTick - now > _options.Tick.Ticks) _nextTick = _nextStats = _nextBeat = now;
        // A tick emits by itself: twice in one instant would be twice the same identity.
        if (now >= _nextStats && now < _nextTick)
        {
            await EmitStatsAsync(now, final: false, cancellation).ConfigureAwait(false);
            _nextStats = now + TimeSpan.TicksPerSecond;
        }

        if (_options.SharesPartitions && now >= _nextBeat) await BeatAsync(now, cancellation).ConfigureAwait(false);
        await RefillAsync(cancellation).ConfigureAwait(false);
        // A backlog is caught up before anything is decided on what it will change.
        if (now >= _nextTick && _backlogEnd is null && await MayCloseAsync(now, cancellation).ConfigureAwait(false) is { } partial)
        {
            await RunTickAsync(now, partial, cancellation).ConfigureAwait(false);
            if (!_log.IsHandingOver) _nextTick = NextOnGrid(now);
        }

        await GoOnCommittingAsync(waits: false, cancellation).ConfigureAwait(false);
        // Not behind a commit: the loop would wait for the store.
        if (_pruner.IsDue(now) && _backlogEnd is null && !_committer.IsUnderWay)
            await TryAsync(_storeOutage, () => _pruner.PruneAsync(now, cancellation)).ConfigureAwait(false);
        return hasRead;
    }

    private long NextOnGrid(long now) => (now / _options.Tick.Ticks + 1) * _options.Tick.Ticks;

    private async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (_backlogEnd is not null) return await CatchUpAsync(cancellation).ConfigureAwait(false);
        if (_committer.IsFull || Book.Owned.All.Count == 0) return false;
        int read = 0;
        bool hasRead = await TryAsync(
            _storeOutage, async () => read = await _intake.ReadAsync(_clocks.NowTicks, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        if (read > 0) _lastEvent = _clocks.NowTicks;
        return hasRead;
    }

    /// <summary>One window of the backlog. False: it was not its turn.</summary>
    private async ValueTask<bool> CatchUpAsync(CancellationToken cancellation)
    {
        IReadOnlyList<PartitionOffset> backlog = _backlogEnd!;
        if (backlog.Count == 0 && !await TryAsync(
                _logOutage, async () => _backlogEnd = backlog = await _log.EndOffsetsAsync(cancellation).ConfigureAwait(false)).ConfigureAwait(false)) return false;
        bool isDone = false;
        if (!await TryAsync(
                _storeOutage, async () => isDone = await _intake.CatchUpAsync(backlog, _clocks.NowTicks, cancellation).ConfigureAwait(false)).ConfigureAwait(false)) return false;
        // One window is written while the next one is applied, and no third is begun before it is there.
        await TryAsync(_storeOutage, () => BeginCommitAsync(everything: false, cancellation)).ConfigureAwait(false);
        await TellOutcomesAsync(cancellation).ConfigureAwait(false);
        if (isDone)
        {
            _backlogEnd = null;
            Recovered("backlog");
        }

        return true;
    }

    /// <summary>
    /// Whether a tick that is due may close the steps that ended: when every live node's statistics of them are in the log, or their grace is over.
    /// </summary>
    /// <returns>Whether the steps close as partial; null: not yet.</returns>
    private async ValueTask<bool?> MayCloseAsync(long now, CancellationToken cancellation)
    {
        if (!_options.SharesPartitions || _nodes.Count == 1) return false;
        long ended = long.MaxValue;
        for (int c = 0; c < Book.Count; c++) ended = Math.Min(ended, _closer.StepEndOf(c));
        if (ended > now || _nodes.HaveStatsThrough(ended)) return false;
        if (now >= ended + _options.StepGrace.Ticks) return true;
        // The others wait for this node's as well.
        if (_statsThrough < ended) await EmitStatsAsync(now, final: true, cancellation).ConfigureAwait(false);
        if (now >= _nextBeat - BeatTicks + BeatTicks / 5) await BeatAsync(now, cancellation).ConfigureAwait(false);
        return null;
    }

    /// <summary>One control tick. Returns the steps closed.</summary>
    private async Task<int> RunTickAsync(long now, bool partial, CancellationToken cancellation, bool commits = true)
    {
        long started = _clocks.Monotonic.GetTimestamp();
        await EmitStatsAsync(now, final: true, cancellation).ConfigureAwait(false);
        bool isWhole = false;
        await TryAsync(_logOutage, async () => isWhole = await _intake.DrainAsync(now, everything: false, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        // The partitions' next owner decides; what was drained is committed when they are given up.
        if (_log.IsHandingOver) return 0;

        int closed = 0;
        long leaseNow = _clocks.LeaseNowTicks;
        for (int c = 0; c < Book.Count; c++)
        {
            closed += _closer.Advance(c, now, partial || !isWhole);
            _metrics.CountAssumedLosses(Leases.Sweep(c, leaseNow));
            if (Book[c].IsOwned && Book[c].Day != 0) _closer.ShowOpenRow(c, now);
        }

        await TryAsync(_storeOutage, () => _refiller.SetBudgetsAsync(cancellation)).ConfigureAwait(false);
        await RefillAsync(cancellation).ConfigureAwait(false);
        // After the refill, which revives a retired lease that is wanted again: one that is handed out here is closed by the commit below.
        for (int c = 0; c < Book.Count; c++)
        {
            Leases.CollectRetired(c, leaseNow, _retired, _options.SharesPartitions ? _committer : null);
            if (_retired.Count == 0) continue;
            (Book[c].IsOwned ? _pending.ClosedLeases : _toReturn).AddRange(_retired);
            _retired.Clear();
        }

        bool stale = !_clocks.Deterministic && now - _lastEvent > 10 * _options.Tick.Ticks && !_log.IsAvailable;
        List<DecisionRecord> decisions = _decider.Decide(now, stale);
        if (_clocks.Deterministic) foreach (DecisionRecord decision in decisions) Decisions.Add(decision);
        if (decisions.Count > 0) await TryAsync(_logOutage, () => _log.PublishAsync(decisions, cancellation)).ConfigureAwait(false);
        _seen.Prune(now);
        // A live loop goes on: whoever asks something meanwhile need not wait for the states of all campaigns to be on disk.
        bool isBegun = commits && await TryAsync(_storeOutage, () => BeginCommitAsync(everything: _clocks.Deterministic, cancellation)).ConfigureAwait(false);
        _reclaimAt = isBegun ? now : 0;
        if (_clocks.Deterministic) await GoOnCommittingAsync(waits: true, cancellation).ConfigureAwait(false);
        Recovered("tick");
        _metrics.RecordTick(_clocks.Monotonic.GetElapsedTime(started));
        Decided?.Invoke(decisions);
        return closed;
    }

    private ValueTask<bool> RefillAsync(CancellationToken cancellation)
        => TryAsync(
            _storeOutage,
            async () => _metrics.CountAssumedLosses(await _refiller.RefillAsync(_clocks.Now, cancellation).ConfigureAwait(false)));

    private async ValueTask EmitStatsAsync(long now, bool final, CancellationToken cancellation)
    {
        if (await TryAsync(_logOutage, () => _stats.EmitAsync(now, final, cancellation)).ConfigureAwait(false)) _statsThrough = now;
    }

    private async ValueTask BeatAsync(long now, CancellationToken cancellation)
    {
        _nextBeat = now + BeatTicks;
        await TryAsync(_storeOutage, () => _nodes.BeatAsync(now, _statsThrough, cancellation)).ConfigureAwait(false);
        _refiller.Nodes = _nodes.Count;
    }

    /// <summary>Commits what was applied, and waits for it.</summary>
    private async ValueTask CommitAsync(CancellationToken cancellation)
    {
        await TryAsync(_storeOutage, () => CommitAllAsync(cancellation)).ConfigureAwait(false);
        await TellOutcomesAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Commits without waiting: the store writes while the loop reads and applies what comes next.</summary>
    private async ValueTask GoOnCommittingAsync(bool waits, CancellationToken cancellation)
    {
        if (waits || _committer.HasAnswer) await TryAsync(_storeOutage, () => _committer.FinishAsync(cancellation)).ConfigureAwait(false);
        if (_reclaimAt != 0 && !_committer.IsUnderWay) await TryAsync(_storeOutage, () => ReclaimAsync(cancellation)).ConfigureAwait(false);
        if (_committer.IsDue(_options.CommitInterval)) await TryAsync(_storeOutage, () => BeginCommitAsync(everything: false, cancellation)).ConfigureAwait(false);
        await TellOutcomesAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>
    /// A day that began between two ticks, with the first event of a paused campaign, has its budgets in the store before that event's money: else the
    /// campaign's account would learn of it only at the next tick.
    /// </summary>
    private async ValueTask BeginCommitAsync(bool everything, CancellationToken cancellation)
    {
        if (Book.HasUntoldDays) await _refiller.SetBudgetsAsync(cancellation).ConfigureAwait(false);
        await _committer.BeginAsync(everything, cancellation).ConfigureAwait(false);
    }

    /// <summary>Commits everything that was applied: the store has it when this returns.</summary>
    private async ValueTask CommitAllAsync(CancellationToken cancellation)
    {
        await BeginCommitAsync(everything: true, cancellation).ConfigureAwait(false);
        await _committer.FinishAsync(cancellation).ConfigureAwait(false);
    }

    private async ValueTask TellOutcomesAsync(CancellationToken cancellation)
    {
        IReadOnlyList<LeaseOutcomes> outcomes = _committer.TakeOutcomes();
        if (outcomes.Count > 0) await TryAsync(_logOutage, () => _log.PublishAsync(outcomes, cancellation)).ConfigureAwait(false);
    }

    /// <summary>Takes back what dead nodes left, and gives back what this one leased of campaigns that others decide.</summary>
    private async ValueTask ReclaimAsync(CancellationToken cancellation)
    {
        long now = _reclaimAt;
        if (_toReturn.Count > 0)
        {
            await _store.ReturnAsync(_toReturn, cancellation).ConfigureAwait(false);
            _toReturn.Clear();
        }

        foreach (long lease in await _store.ReclaimAsync(_options.Node, now, _options.LongestHold.Ticks, cancellation).ConfigureAwait(false))
            Leases.Revoke(lease);
        _reclaimAt = 0;
    }

    /// <summary>
    /// Does what needs the store or the log, unless it failed a moment ago. Deterministic mode has no outages: there a failure is the caller's to know.
    /// </summary>
    /// <returns>False when it was left out or failed; it is then tried again in a later round.</returns>
    private async ValueTask<bool> TryAsync(Outage needed, Func<ValueTask> work)
    {
        if (_clocks.Deterministic)
        {
            await work().ConfigureAwait(false);
            return true;
        }

        if (!needed.MayTry) return false;
        try
        {
            await work().ConfigureAwait(false);
            needed.Answered();
            return true;
        }
        catch (StoreUnavailableException e)
        {
            _storeOutage.Failed(e);
        }
        catch (EventLogUnavailableException e)
        {
            _logOutage.Failed(e);
        }

        return false;
    }
}
