using AutoBid.Core.Campaigns;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Days;

/// <summary>One campaign (c1, constant multiplier 1, target 20) in a time zone, and an exchange that does what a test says, one event at a time.</summary>
internal sealed class LocalDays(DateTimeOffset start, InMemoryLedgerStore? store = null, InMemoryEventLog? log = null, string node = "node-1") : IAsyncDisposable
{
    private static readonly TimeSpan HoldTime = TimeSpan.FromMinutes(20);

    private readonly DayDriver _driver = new(1, store, log, start, node, new EngineOptions());
    private long _version = 1;
    private int _auction;

    public AutoBidEngine Engine => _driver.Engine;

    public InMemoryLedgerStore Store => _driver.Store;

    public InMemoryEventLog Log => _driver.Log;

    public DateTimeOffset Now => _driver.Time.GetUtcNow();

    public Campaign Settings { get; private set; } = null!;

    public ref CampaignEntry Entry => ref Engine.Book[0];

    public static Campaign In(string zone, double budget = 100)
        => Bench.Campaign() with { Schedule = new Schedule { TimeZone = zone }, DailyBudgetNanos = (long)(budget * 1e9) };

    /// <summary>Midnight of a local date, as an instant.</summary>
    public static DateTimeOffset Midnight(string zone, int year, int month, int day)
    {
        TimeZoneInfo info = TimeZoneInfo.FindSystemTimeZoneById(zone);
        var local = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified);
        return new DateTimeOffset(TimeZoneInfo.ConvertTimeToUtc(local, info), TimeSpan.Zero);
    }

    public async Task StartAsync(Campaign campaign)
    {
        Settings = campaign;
        _version = campaign.Version;
        await _driver.StartAsync([campaign]);
        await Engine.AdvanceToAsync(Now, default);
    }

    public Task<AdvanceResult> AdvanceAsync(DateTimeOffset to) => Engine.AdvanceToAsync(to, default);

    public Task<AdvanceResult> AdvanceAsync(TimeSpan by) => AdvanceAsync(Now + by);

    /// <summary>Settings changed over the API: they reach the engine as an event, with the next tick.</summary>
    public async Task PutAsync(Func<Campaign, Campaign> change)
    {
        Settings = change(Settings) with { Version = ++_version };
        await AppendAsync(new EngineEvent { Kind = EventKind.Campaign, TenantId = "t1", CampaignId = "c1", Settings = Settings, TimeTicks = Now.UtcTicks });
    }

    /// <summary>Bids now, so many nanos at multiplier 1; null when it does not bid.</summary>
    public async Task<(HeldBid Held, long Price)?> BidAsync(long nanos)
    {
        Assert.True(Engine.Index.TryFind("c1", out int c));
        BidOffer offer = Engine.Bids.Price(new BidQuery(c, nanos / 20e9, 0, false), Now.UtcTicks);
        if (!offer.IsBid) return null;
        if (!Engine.Bids.TryHold(c, ref offer, Now.UtcTicks, HoldTime.Ticks)
            && (!await Engine.RefillForAsync(c, offer.PriceNanos, default) || !Engine.Bids.TryHold(c, ref offer, Now.UtcTicks, HoldTime.Ticks)))
            return null;
        return (offer.Held, offer.PriceNanos);
    }

    /// <summary>The bill of an own bid, at an instant of the exchange's.</summary>
    public Task BillAsync(HeldBid held, long nanos, DateTimeOffset bidAt, DateTimeOffset at)
        => AppendAsync(Bench.Bill(held.LeaseId, held.Seq, nanos) with { OriginTicks = bidAt.UtcTicks, TimeTicks = at.UtcTicks });

    /// <summary>A bill of a bid that was made elsewhere, without a lease.</summary>
    public Task ForeignAsync(long nanos, DateTimeOffset bidAt, DateTimeOffset at)
        => AppendAsync(Bench.Foreign($"f{_auction++}", nanos) with { OriginTicks = bidAt.UtcTicks, TimeTicks = at.UtcTicks });

    public Task ConvertAsync(string id, DateTimeOffset click, DateTimeOffset at, EventKind kind = EventKind.Convert, long revision = 1, double value = 1)
        => AppendAsync(Bench.Conversion(id, kind, revision, value) with { OriginTicks = click.UtcTicks, TimeTicks = at.UtcTicks });

    public async Task AppendAsync(EngineEvent e) => await Log.AppendAsync(new[] { e.Identified() }, default);

    /// <summary>Settled nanos by day.</summary>
    public async Task<SortedDictionary<int, long>> SettledAsync()
    {
        var days = new SortedDictionary<int, long>();
        foreach (BudgetRow row in await Store.BudgetsAsync("t1", "c1", default))
            if (row.Scope == BudgetScope.Day && row.SettledNanos != 0) days[row.Period] = row.SettledNanos;
        return days;
    }

    public ValueTask DisposeAsync() => _driver.DisposeAsync();
}
