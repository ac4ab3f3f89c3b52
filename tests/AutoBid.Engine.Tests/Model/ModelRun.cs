using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Model;

/// <summary>
/// Plays a script against an engine that dies now and then, beside a second engine that reads the same log and never dies, and holds both against the
/// naive ledger after every command.
/// </summary>
internal sealed partial class ModelRun : IAsyncDisposable
{
    public const string Tenant = "t1";

    /// <summary>The night in which Berlin's day has 25 hours lies ahead.</summary>
    private static readonly DateTimeOffset Start = new(2025, 10, 25, 8, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan Tick = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan HoldTime = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan Window = TimeSpan.FromHours(30);

    private readonly IModelStore _store;
    private readonly InMemoryEventLog _log = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly Campaign[] _settings;
    private readonly NaiveLedger _naive = new(Tick.Ticks, Window.Ticks);
    private readonly List<NaiveBid> _bids = [];
    private readonly List<(long Id, int Campaign, int Day, long At)> _dspLeases = [];
    private readonly List<Sent> _sent = [];
    private readonly List<(Sent Sent, int Delay)> _outbox = [];
    private readonly HashSet<(string Topic, int Partition, long Offset)> _copied = [];
    private readonly InMemoryEventLog _twinLog = new();
    private Campaign[] _inForce;
    private Campaign[] _inForceBefore;
    private AutoBidEngine _engine = null!;
    private AutoBidEngine _twin = null!;
    private VirtualTime _time = null!;
    private VirtualTime _twinTime = null!;
    private Fuse _fuse = null!;
    private int _process;
    private int _serial;
    private bool _hasTicked;

    private ModelRun(IModelStore store)
    {
        _store = store;
        Campaign one = Bench.Campaign("c0") with { Mode = PacingMode.SpendFirst, DailyBudgetNanos = 2_000_000, Account = "brand", AccountBudgetNanos = 3_000_000 };
        _settings =
        [
            one,
            one with { Id = "c1", Schedule = new Schedule { TimeZone = "Europe/Berlin" } },
            one with { Id = "c2", Account = null, AccountBudgetNanos = null, FlightBudgetNanos = 2_500_000 },
        ];
        _inForce = _inForceBefore = [.. _settings];
    }

    private long Now => _time.GetUtcNow().UtcTicks;

    public static async Task PlayAsync(Script script, Func<Task<IModelStore>> open)
    {
        await using var run = new ModelRun(await open());
        await run.BeginAsync();
        await run.CheckAsync();
        foreach (Command command in script.Commands)
        {
            await run.DoAsync(command);
            await run.CheckAsync();
        }

        await run.AdvanceAsync((long)TimeSpan.FromHours(2).TotalMinutes, 0, 0, false);
        await run.CheckAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_twin is not null) await _twin.DisposeAsync();
        if (_engine is not null) await _engine.DisposeAsync();
        await _store.DisposeAsync();
        _metrics.Dispose();
    }

    private static long DayStart(Campaign campaign, int day)
    {
        var local = new DateTime(day / 10000, day / 100 % 100, day % 100, 0, 0, 0, DateTimeKind.Unspecified);
        return TimeZoneInfo.ConvertTimeToUtc(local, TimeZoneInfo.FindSystemTimeZoneById(campaign.Schedule.TimeZone)).Ticks;
    }

    private int DayOf(int campaign, long ticks)
    {
        DateTime local = TimeZoneInfo.ConvertTimeFromUtc(
            new DateTime(ticks, DateTimeKind.Utc), TimeZoneInfo.FindSystemTimeZoneById(_settings[campaign].Schedule.TimeZone));
        return local.Year * 10000 + local.Month * 100 + local.Day;
    }

    private AutoBidEngine Engine(VirtualTime time, IEventLog log, ILedgerStore store, string node) => new(
        new EngineOptions { Tick = Tick, Node = node, DedupeWindow = Window }, new EngineClocks(time, new ManualTimeProvider(Start), Deterministic: true),
        log, store, Bench.Chain(_metrics), Identities.Of);

    private async Task BeginAsync()
    {
        _twinTime = new VirtualTime(Start);
        // Its leases must not bear the numbers of those that the log speaks of.
        _twin = Engine(_twinTime, _twinLog, new InMemoryLedgerStore { FirstLeaseId = 1_000_000_000 }, "twin");
        await _twin.StartAsync(_settings.ToArray().ToAsyncEnumerable(), default);
        await StartEngineAsync(Start);
        await AdvanceAsync(0, 0, 0, false);
    }

    private async Task StartEngineAsync(DateTimeOffset at)
    {
        _hasTicked = false;
        _fuse = new Fuse();
        _time = new VirtualTime(at);
        _engine = Engine(_time, _fuse.Before<IEventLog>(_log), _fuse.Before(_store.Store), $"node-{++_process}");
        await _engine.StartAsync(_settings.ToArray().ToAsyncEnumerable(), default);
    }

    private async Task RestartAsync(DateTimeOffset at)
    {
        await _store.ReopenAsync();
        await StartEngineAsync(at);
    }

    /// <summary>Delivers what is due and takes both engines to the same instant; with a write named, the first one dies at it and another goes on.</summary>
    private async Task AdvanceAsync(long minutes, int order, int crashAtWrite, bool crashAfterIt)
    {
        long from = Now;
        DateTimeOffset target = new(Math.Max(from + minutes * TimeSpan.TicksPerMinute, from), TimeSpan.Zero);
        List<Sent> refunds = [];
        await DeliverAsync(from, target.UtcTicks, order, refunds);
        _fuse.Arm(crashAtWrite, crashAfterIt);
        await ToAsync(target);
        foreach (Sent refund in refunds)
        {
            // One by one: whether there is enough to take back depends on what came before.
            if (_naive.IsYoung(refund.Event, from, Now) is not { } young) continue;
            await _log.AppendAsync(new[] { refund.Event }, default);
            if (young && _naive.Spent(refund.Event.CampaignId, refund.Day) + refund.Event.AmountNanos >= 0) _naive.Deliver(refund, Now + 1);
            await ToAsync(target);
        }

        foreach (NaiveBid bid in _bids.Where(bid => _naive.TickAt(bid.Expires) <= Now)) bid.IsOver = true;
        _fuse.Arm(0, false);
        // Budgets are told to the store at ticks.
        _hasTicked |= _naive.NextTick(from) <= Now;
        if (_naive.NextTick(from) <= Now) _inForce = [.. _settings];
        await LearnDaysAsync();
    }

    private async Task ToAsync(DateTimeOffset target)
    {
        try
        {
            await _engine.AdvanceToAsync(target, default);
        }
        catch (SimulatedCrashException)
        {
            await RestartAsync(_time.GetUtcNow());
            await _engine.AdvanceToAsync(target, default);
        }

        foreach (EngineEvent e in _log.All())
            if (_copied.Add((Topic.Of(e.Kind), e.Partition, e.Offset))) await _twinLog.AppendAsync(new[] { e }, default);
        await _twin.AdvanceToAsync(target, default);
    }

    private async Task DeliverAsync(long from, long target, int order, List<Sent> refunds)
    {
        List<Sent> due = [.. _outbox.Where(one => one.Delay == 0).Select(one => one.Sent)];
        List<(Sent, int)> later = [.. _outbox.Where(one => one.Delay > 0).Select(one => (one.Sent, one.Delay - 1))];
        _outbox.Clear();
        _outbox.AddRange(later);
        Sent[] shuffled = [.. due];
        if (order > 0) new Random(order).Shuffle(shuffled);
        foreach (Sent sent in shuffled)
        {
            if (sent.Event is { Kind: EventKind.Adjust, AmountNanos: < 0 })
            {
                refunds.Add(sent);
                continue;
            }

            // An event that grows too old during the advance may be heard or not: that is not what is looked at here.
            if (_naive.IsYoung(sent.Event, from, target) is not { } young) continue;
            await _log.AppendAsync(new[] { sent.Event }, default);
            if (!young) continue;
            _naive.Deliver(sent, _naive.AppliedAt(sent.Event, from, target));
            if (sent.Bid is { } bid && sent.Event.Kind is EventKind.Bill or EventKind.Loss && sent.Event.CampaignId == _settings[sent.Bid.Campaign].Id) bid.IsOver |= sent.Settles || sent.Event.Kind == EventKind.Loss;
        }
    }

    private BidOffer? TryBid(int campaign, double value, out long at)
    {
        at = Now;
        if (!_engine.Index.TryFind(_settings[campaign].Id, out int index)) return null;
        BidOffer offer = _engine.Bids.Price(new BidQuery(index, value, 0, false), at);
        if (!offer.IsBid) return null;
        if (_engine.Bids.TryHold(index, ref offer, at, HoldTime.Ticks)) return offer;
        bool refilled = _engine.RefillForAsync(index, offer.PriceNanos, default).AsTask().GetAwaiter().GetResult();
        return refilled && _engine.Bids.TryHold(index, ref offer, at, HoldTime.Ticks) ? offer : null;
    }
}
