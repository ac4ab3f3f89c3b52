using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine;

/// <summary>
/// The engine of one node. Data walks one way: event -> ledger -> trajectory -> policy -> guard -> multiplier -> bid.
/// One loop owns everything up to the multiplier; bid threads share only slots, leases and counters with it.
/// </summary>
public sealed class AutoBidEngine : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly EngineClocks _clocks;
    private readonly IEventLog _log;
    private readonly ILedgerStore _store;
    private readonly SeenEvents _seen = new();
    private readonly PendingCommit _pending = new();
    private readonly EventApplier _applier;
    private readonly EventIntake _intake;
    private readonly StepCloser _closer;
    private readonly Decider _decider;
    private readonly BidStatsEmitter _stats;
    private readonly LeaseRefiller _refiller;
    private readonly EngineMetrics _metrics = new();
    private readonly List<long> _closedLeases = [];

    // Serialises the loop's work with calls from outside (advanceTo, refills of deterministic mode, state hash). Never taken on the bid path.
    private readonly SemaphoreSlim _gate = new(1, 1);

    private long _nextTick;
    private long _nextStats;
    private long _lastCommit;
    private long _lastEvent;
    private TimeSpan _commitCost;

    /// <param name="identify">Business key of events that the engine itself makes; the same rule as for every other event.</param>
    public AutoBidEngine(
        EngineOptions options, EngineClocks clocks, IEventLog log, ILedgerStore store, DecisionChain chain, Func<EngineEvent, EventIdentity> identify)
    {
        _options = options;
        _clocks = clocks;
        _log = log;
        _store = store;
        Slots = new BidSlotTable();
        Leases = new LeaseDesk();
        Counters = new BidCounters();
        Book = new CampaignBook(Slots, Leases, Counters);
        Bids = new BidDesk(Slots, Leases, Counters);
        _applier = new EventApplier(Book, Leases, _seen, _pending, options, _metrics);
        _intake = new EventIntake(log, store, _applier, _metrics, clocks.Deterministic);
        _closer = new StepCloser(Book, Leases, options);
        _decider = new Decider(Book, Slots, chain, new Guard(options.Guard), options, clocks, _metrics);
        _stats = new BidStatsEmitter(Book, Counters, log, options, identify);
        _refiller = new LeaseRefiller(Book, Leases, Counters, store, options, clocks.Deterministic);
    }

    /// <summary>The bid path.</summary>
    public BidDesk Bids { get; }

    public BidSlotTable Slots { get; }

    public LeaseDesk Leases { get; }

    public BidCounters Counters { get; }

    /// <summary>Campaign ids to indices for the bid path; the rest of the book belongs to the loop.</summary>
    public CampaignIndex Index => Book.Index;

    /// <summary>Event time now, UTC ticks.</summary>
    public long NowTicks => _clocks.NowTicks;

    /// <summary>Now on both clocks; holds are taken on the one of leases.</summary>
    public EngineInstant Now => _clocks.Now;

    /// <summary>Bids that find no headroom ask for more before they are answered.</summary>
    public bool RefillsOnDemand => _clocks.Deterministic;

    /// <summary>Raised after every tick with its decisions, on the loop's thread.</summary>
    public event Action<IReadOnlyList<DecisionRecord>>? Decided;

    public DecisionList Decisions { get; } = new();

    internal CampaignBook Book { get; }

    internal SeenEvents Seen => _seen;

    /// <summary>Restores the last commit, takes over the settings, and starts reading behind it.</summary>
    public async Task StartAsync(IAsyncEnumerable<Campaign> campaigns, CancellationToken cancellation)
    {
        long now = _clocks.NowTicks;
        LedgerSnapshot snapshot = await _store.LoadAsync(now, cancellation).ConfigureAwait(false);
        await foreach (Campaign campaign in campaigns.WithCancellation(cancellation).ConfigureAwait(false)) Book.Upsert(campaign);
        foreach (CampaignState state in snapshot.States)
            if (Book.Index.TryFind(state.CampaignId, out int index)) StateCodec.Read(Book, index, state.Blob);
        foreach (SeenEvent e in snapshot.Seen) _seen.TryAdd(e.Identity, e.ExpiresTicks);
        foreach (OpenLease lease in snapshot.Leases) _applier.Remember(lease);
        await _log.StartAsync(snapshot.Offsets, cancellation).ConfigureAwait(false);
        _nextTick = (now + _options.Tick.Ticks - 1) / _options.Tick.Ticks * _options.Tick.Ticks;
        _lastEvent = now;
        if (_clocks.Deterministic) return;
        // A live engine bids from its first moment: one tick now, the next ones on the grid.
        await RunTickAsync(now, cancellation).ConfigureAwait(false);
    }

    /// <summary>The live loop: applies events as they come, ticks when due, until cancelled. Ends with a last commit.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await _gate.WaitAsync(cancellation).ConfigureAwait(false);
                try
                {
                    await RunOnceAsync(cancellation).ConfigureAwait(false);
                }
                finally
                {
                    _gate.Release();
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The host stops: what was applied is committed below.
        }

        await _gate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            await CommitAsync(CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Deterministic mode: moves event time to <paramref name="to"/>, tick by tick; each tick applies what was appended before the call and happened
    /// before the tick, sorted by (time, identity), closes steps, decides and publishes. At the end everything appended before the call is applied.
    /// </summary>
    /// <exception cref="InvalidOperationException">The clock is not virtual, or the instant lies in the past.</exception>
    public async Task<AdvanceResult> AdvanceToAsync(DateTimeOffset to, CancellationToken cancellation)
    {
        if (!_clocks.Deterministic || _clocks.EventTime is not VirtualTime time) throw new InvalidOperationException("The clock is not virtual.");
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (to.UtcTicks < _clocks.NowTicks) throw new InvalidOperationException("The clock cannot go back.");
            int closed = 0;
            long appliedBefore = _intake.Applied;
            while (_nextTick <= to.UtcTicks)
            {
                long tick = _nextTick;
                time.TryAdvanceTo(new DateTimeOffset(tick, TimeSpan.Zero));
                closed += await RunTickAsync(tick, cancellation).ConfigureAwait(false);
                _nextTick = tick + _options.Tick.Ticks;
            }

            time.TryAdvanceTo(to);
            await _intake.DrainAsync(to.UtcTicks, everything: true, cancellation).ConfigureAwait(false);
            await CommitAsync(cancellation).ConfigureAwait(false);
            return new AdvanceResult(to, closed, _intake.Applied - appliedBefore, Decisions.Hash());
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Deterministic mode: headroom for a bid that found none. False when the budget has none left.</summary>
    public async ValueTask<bool> RefillForAsync(int campaign, long priceNanos, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return await _refiller.RefillForAsync(campaign, priceNanos, _clocks.Now, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Settings of a campaign as the loop last applied them; null: none yet. Any thread: the record is immutable and replaced by one reference write.
    /// </summary>
    public Campaign? SettingsOf(int campaign) => Volatile.Read(ref Book[campaign].Settings);

    /// <summary>
    /// Headroom for a DSP that bids by itself: one cumulative lease per (campaign, node), renewed by asking again. Bills under it settle against it.
    /// Null: unknown campaign, or its day has not begun.
    /// </summary>
    public async ValueTask<OutsideGrant?> GrantToAsync(string tenantId, string campaignId, string node, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!Book.Index.TryFind(campaignId, out int index) || Book[index].Settings?.TenantId != tenantId) return null;
            int day = Book[index].Day;
            LeaseRequest? request = _refiller.RequestFor(
                index, node, _clocks.NowTicks, (tenant, campaign, asking) => _applier.LeftOf(tenant, campaign, asking, day));
            if (request is not { } wanted) return null;
            LeaseGrant grant = (await _store.GrantAsync([wanted], cancellation).ConfigureAwait(false))[0];
            if (grant.LeaseId != 0) _applier.Raise(wanted, grant);
            return new OutsideGrant(grant, _applier.LeftOf(tenantId, campaignId, node, day));
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>A look at one campaign for the API, taken between two pieces of the loop's work. Null: unknown here.</summary>
    public async ValueTask<CampaignStatusView?> LookAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!Book.Index.TryFind(campaignId, out int index) || Book[index].Settings?.TenantId != tenantId) return null;
            return CampaignStatusView.Of(Book, Leases, index);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Hash of what recovery must restore exactly.</summary>
    public async ValueTask<string> StateHashAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            return StateHash.Of(Book, _seen, _intake.AppliedUpTo());
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _metrics.Dispose();
        _gate.Dispose();
    }

    private async Task RunOnceAsync(CancellationToken cancellation)
    {
        long now = _clocks.NowTicks;
        if (await _intake.ReadAsync(now, cancellation).ConfigureAwait(false) > 0) _lastEvent = now;

        now = _clocks.NowTicks;
        // A tick emits by itself: twice in one instant would be twice the same identity.
        if (now >= _nextStats && now < _nextTick)
        {
            await _stats.EmitAsync(now, final: false, cancellation).ConfigureAwait(false);
            _nextStats = now + TimeSpan.TicksPerSecond;
        }

        _metrics.CountAssumedLosses(await _refiller.RefillAsync(_clocks.Now, cancellation).ConfigureAwait(false));
        if (now >= _nextTick)
        {
            await RunTickAsync(now, cancellation).ConfigureAwait(false);
            _nextTick = (now / _options.Tick.Ticks + 1) * _options.Tick.Ticks;
        }

        // A commit never takes more than a tenth of the loop: when it is slow, it is made less often.
        TimeSpan sinceCommit = _clocks.Monotonic.GetElapsedTime(_lastCommit);
        if (sinceCommit >= _options.CommitInterval && sinceCommit >= 10 * _commitCost) await CommitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>One control tick. Returns the steps closed.</summary>
    private async Task<int> RunTickAsync(long now, CancellationToken cancellation)
    {
        long started = _clocks.Monotonic.GetTimestamp();
        await _stats.EmitAsync(now, final: true, cancellation).ConfigureAwait(false);
        await _intake.DrainAsync(now, everything: false, cancellation).ConfigureAwait(false);

        int closed = 0;
        long leaseNow = _clocks.LeaseNowTicks;
        for (int c = 0; c < Book.Count; c++)
        {
            closed += _closer.Advance(c, now);
            _metrics.CountAssumedLosses(Leases.Sweep(c, leaseNow));
            if (Book[c].Day != 0) _closer.ShowOpenRow(c, now);
        }

        await _refiller.SetBudgetsAsync(cancellation).ConfigureAwait(false);
        _metrics.CountAssumedLosses(await _refiller.RefillAsync(_clocks.Now, cancellation).ConfigureAwait(false));
        // After the refill, which revives a retired lease that is wanted again: one that is handed out here is closed by the commit below.
        for (int c = 0; c < Book.Count; c++) Leases.CollectRetired(c, leaseNow, _closedLeases);
        _pending.ClosedLeases.AddRange(_closedLeases);
        _closedLeases.Clear();

        bool stale = !_clocks.Deterministic && now - _lastEvent > 10 * _options.Tick.Ticks && !_log.IsAvailable;
        List<DecisionRecord> decisions = _decider.Decide(now, stale);
        if (_clocks.Deterministic) foreach (DecisionRecord decision in decisions) Decisions.Add(decision);
        if (decisions.Count > 0) await _log.PublishAsync(decisions, cancellation).ConfigureAwait(false);
        _seen.Prune(now);
        await CommitAsync(cancellation).ConfigureAwait(false);
        await ReclaimAsync(now, cancellation).ConfigureAwait(false);
        _metrics.RecordTick(_clocks.Monotonic.GetElapsedTime(started));
        Decided?.Invoke(decisions);
        return closed;
    }

    /// <summary>Takes back what dead nodes left. After a commit: a bill that was applied but not committed must still find its lease open.</summary>
    private async Task ReclaimAsync(long now, CancellationToken cancellation)
    {
        foreach (long lease in await _store.ReclaimAsync(now - _options.LongestHold.Ticks, cancellation).ConfigureAwait(false))
        {
            _applier.Forget(lease);
            Leases.Revoke(lease);
        }
    }

    private async Task CommitAsync(CancellationToken cancellation)
    {
        long started = _clocks.Monotonic.GetTimestamp();
        var states = new List<CampaignState>();
        for (int c = 0; c < Book.Count; c++)
        {
            ref CampaignEntry entry = ref Book[c];
            if (!entry.IsDirty || entry.Settings is not { } settings) continue;
            // One row a campaign: the blob says which day it is.
            states.Add(new CampaignState(settings.TenantId, settings.Id, 0, StateCodec.Write(Book, c)));
        }

        _lastCommit = started;
        if (states.Count == 0 && _pending.IsEmpty) return;
        await _store.CommitAsync(_pending.ToCommit(states, _intake.AppliedUpTo()), cancellation).ConfigureAwait(false);
        _pending.Clear();
        _applier.ForgetSettled();
        for (int c = 0; c < Book.Count; c++) Book[c].IsDirty = false;
        _commitCost = _clocks.Monotonic.GetElapsedTime(started);
        _metrics.RecordCommit(_commitCost);
    }
}
