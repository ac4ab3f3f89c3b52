using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Nodes;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine;

/// <summary>
/// The engine of one node. Data walks one way: event -> ledger -> trajectory -> policy -> guard -> multiplier -> bid.
/// One loop owns everything up to the multiplier; bid threads share only slots, leases and counters with it.
/// </summary>
public sealed partial class AutoBidEngine : IAsyncDisposable
{
    private readonly EngineOptions _options;
    private readonly EngineClocks _clocks;
    private readonly IEventLog _log;
    private readonly ILedgerStore _store;
    private readonly SeenMemory _seen;
    private readonly PendingCommit _pending;
    private readonly EventApplier _applier;
    private readonly EventIntake _intake;
    private readonly StepCloser _closer;
    private readonly Decider _decider;
    private readonly BidStatsEmitter _stats;
    private readonly LeaseRefiller _refiller;
    private readonly Committer _committer;
    private readonly NodeFeed _feed;
    private readonly LiveNodes _nodes;
    private readonly LedgerPruner _pruner;
    private readonly EngineMetrics _metrics = new();
    private readonly Outage _storeOutage;
    private readonly Outage _logOutage;

    // Serialises the loop's work with calls from outside (advanceTo, refills of deterministic mode, partitions that come and go). Never taken on the bid path.
    private readonly SemaphoreSlim _gate = new(1, 1);

    private Task _settings = Task.CompletedTask;
    private long _nextTick;
    private long _nextStats;
    private long _statsThrough;
    private long _lastEvent;

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
        Book = new CampaignBook(Slots, Leases, Counters, options.Delays);
        Bids = new BidDesk(Slots, Leases, Counters);
        _seen = new SeenMemory(options.DedupeWindow);
        _pending = new PendingCommit(_seen);
        _applier = new EventApplier(Book, Leases, _seen, _pending, options, _metrics);
        _closer = new StepCloser(Book, Leases, options);
        _intake = new EventIntake(Book, log, store, _applier, _closer, clocks, _metrics, stop => _committer!.FinishAsync(stop));
        _decider = new Decider(Book, Slots, chain, new Guard(options.Guard), options, clocks, _metrics);
        _stats = new BidStatsEmitter(Book, Counters, log, options, identify);
        _committer = new Committer(Book, _pending, _intake, _applier, store, clocks, _metrics);
        _refiller = new LeaseRefiller(Book, Leases, Counters, store, options, _committer, clocks.Deterministic);
        _feed = new NodeFeed(Book, Slots, Leases, log);
        _nodes = new LiveNodes(store, options);
        _pruner = new LedgerPruner(store, options, _metrics);
        _storeOutage = new Outage("store", clocks.Monotonic, _metrics);
        _logOutage = new Outage("log", clocks.Monotonic, _metrics);
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

    internal SeenMemory Seen => _seen;

    /// <summary>Why the ledger store does not answer now; null: it does.</summary>
    public string? StoreOutage => _storeOutage.Reason;

    /// <summary>Nodes that share the budgets, this one included.</summary>
    public int LiveNodes => _nodes.Count;

    /// <summary>Partitions that this node owns now.</summary>
    public IReadOnlyList<int> OwnedPartitions => [.. Book.Owned.All.Select(one => one.Partition)];

    /// <summary>
    /// Takes over the settings, begins to read, and restores what the partitions' last owner committed. A live engine that is alone has applied what was
    /// appended since, and decided once, when this completes.
    /// </summary>
    public async Task StartAsync(IAsyncEnumerable<Campaign> campaigns, CancellationToken cancellation)
    {
        // Beside what the log and the store have to be asked for: half of a start is spent on the settings, half on the states.
        _settings = Task.Run(() => ReadSettingsAsync(campaigns, cancellation), cancellation);
        long now = _clocks.NowTicks;
        // In deterministic mode the first instant is a tick too.
        _nextTick = _clocks.Deterministic ? NextOnGrid(now - 1) : NextOnGrid(now);
        _lastEvent = now;
        try
        {
            await _log.StartAsync(this, cancellation).ConfigureAwait(false);
        }
        finally
        {
            await _settings.ConfigureAwait(false);
        }

        if (_clocks.Deterministic) return;
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            // A live engine bids from its first moment: what was missed is caught up, then one tick now, the next ones on the grid.
            while (_backlogEnd is not null && _logOutage.Reason is null && _storeOutage.Reason is null) await CatchUpAsync(cancellation).ConfigureAwait(false);
            now = _clocks.NowTicks;
            // The loop commits: it may be the state of every campaign, and nobody who asks for a bid need wait until that is put together.
            await RunTickAsync(now, partial: false, cancellation, commits: false).ConfigureAwait(false);
            _nextTick = NextOnGrid(now);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Invariant: until it has ended nothing else touches the book; a takeover restores states only then, and the loop does not run yet.</summary>
    private async Task ReadSettingsAsync(IAsyncEnumerable<Campaign> campaigns, CancellationToken cancellation)
    {
        long started = _clocks.Monotonic.GetTimestamp();
        await foreach (Campaign campaign in campaigns.WithCancellation(cancellation).ConfigureAwait(false)) Book.Upsert(campaign);
        _metrics.RecordRecovery("settings", _clocks.Monotonic.GetElapsedTime(started));
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
                closed += await RunTickAsync(tick, partial: false, cancellation).ConfigureAwait(false);
                _nextTick = tick + _options.Tick.Ticks;
            }

            time.TryAdvanceTo(to);
            await _intake.DrainAsync(to.UtcTicks, everything: true, cancellation).ConfigureAwait(false);
            await CommitAllAsync(cancellation).ConfigureAwait(false);
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
            // Asking for nothing renews the lease and tells what it has left, which decides how much is asked for.
            if (_refiller.RequestFor(index, node, _clocks.NowTicks, static (_, _, _) => long.MaxValue) is not { } renewal) return null;
            LeaseGrant grant = (await _store.GrantAsync([renewal], cancellation).ConfigureAwait(false))[0];
            long left = LeftOf(grant);
            if (_refiller.RequestFor(index, node, _clocks.NowTicks, (_, _, _) => left) is { AmountNanos: > 0 } more)
            {
                grant = (await _store.GrantAsync([more], cancellation).ConfigureAwait(false))[0];
                left = LeftOf(grant);
            }

            if (grant.LeaseId != 0) _applier.Remember(new LeaseOwner(grant.LeaseId, tenantId, campaignId, grant.Day, node));
            return new OutsideGrant(grant, left);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>What a lease of a DSP has left: what the store says, less bills that the next commit brings it.</summary>
    private long LeftOf(in LeaseGrant grant)
    {
        long lease = grant.LeaseId;
        long coming = _committer.Coming.Where(bill => bill.LeaseId == lease).Sum(bill => bill.Bill.AmountNanos);
        return Math.Max(grant.TotalGrantedNanos - grant.SettledNanos - coming, 0);
    }

    /// <summary>Whether this node keeps a campaign's ledger: of others it knows only what is needed to bid.</summary>
    public bool Keeps(int campaign) => Volatile.Read(ref Book[campaign].IsOwned);

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

    /// <summary>
    /// The last click days of a campaign, oldest first; their spend as the store has settled it, after everything applied here is committed.
    /// Null: unknown here.
    /// </summary>
    public async ValueTask<IReadOnlyList<ClickDayView>?> DaysAsync(string tenantId, string campaignId, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (!Book.Index.TryFind(campaignId, out int index) || Book[index].Settings?.TenantId != tenantId) return null;
            // A version and the spend that it counts must be of one instant.
            await CommitAsync(cancellation).ConfigureAwait(false);
            IReadOnlyList<BudgetRow> budgets = await _store.BudgetsAsync(tenantId, campaignId, cancellation).ConfigureAwait(false);
            return ClickDayReport.Of(Book, index, budgets, _clocks.NowTicks, _options);
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
}
