using AutoBid.Core.Campaigns;
using AutoBid.Engine.Events;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Streaming.Tests;

/// <summary>Events as tests need them: fixed ones, and generators of every valid kind.</summary>
internal static class TestEvents
{
    public static readonly long Noon = new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).Ticks;

    private const long MaxMoney = 1_000_000_000_000_000_000;

    private static readonly string[] Awkward =
        ["a", "ab", "c1", "é", "日本語", "😀", "quote\"", "back\\slash", "line\nfeed", "tab\t", "\u0001", "<script>", "x|y", "a b", new string('k', 40), " ", "null"];

    public static EngineEvent Bill(string campaign, int number) => new()
    {
        Kind = EventKind.Bill,
        Via = BillingChannel.Stream,
        TenantId = "default",
        CampaignId = campaign,
        TimeTicks = Noon + number * TimeSpan.TicksPerSecond,
        OriginTicks = Noon,
        AmountNanos = 1000 + number,
        Source = "adx",
        Auction = "auction-" + number,
        Imp = "1",
        Bid = "bid-" + number,
    };

    public static Campaign Campaign(string id, string currency = "USD") => new()
    {
        Id = id,
        TenantId = "default",
        Objective = Objective.TargetCpa,
        Target = 12.5m,
        DailyBudgetNanos = 100_000_000_000,
        Currency = currency,
    };

    public static Gen<EngineEvent> Any => Gen.OneOf(Spend, Conversion, Opportunity, BidStats, Settings);

    private static Gen<string> Text => Gen.OneOf(Gen.Elements(Awkward), Gen.Choose(0, 1_000_000).Select(n => "id-" + n));

    private static Gen<string> Tenant => Gen.Elements("default", "t1", "tenant:é");

    private static Gen<long> Time => Ticks(new DateTime(2000, 1, 1).Ticks, new DateTime(2100, 12, 31).Ticks);

    private static Gen<long> Money => Gen.OneOf(Gen.Constant(0L), Gen.Constant(MaxMoney), Ticks(0, MaxMoney));

    public static Gen<EngineEvent> Spend =>
        from kind in Gen.Elements(EventKind.Bill, EventKind.Win, EventKind.Loss, EventKind.Adjust)
        from via in Gen.Elements(BillingChannel.Burl, BillingChannel.Nurl, BillingChannel.Stream)
        from own in Gen.Elements(true, false)
        from lease in Ticks(1, long.MaxValue)
        from amount in Money
        from negative in Gen.Elements(true, false)
        from texts in Text.ArrayOf(6)
        from tenant in Tenant
        from time in Time
        from origin in Time
        from value in Money
        select new EngineEvent
        {
            Kind = kind,
            Via = via,
            TenantId = tenant,
            CampaignId = texts[0],
            TimeTicks = time,
            OriginTicks = own ? 0 : origin,
            AmountNanos = kind == EventKind.Adjust && negative ? -amount : amount,
            ValueE9 = value,
            Lease = own ? lease : 0,
            Seq = own ? lease / 2 : 0,
            Source = texts[1],
            Auction = own && negative ? null : texts[2],
            Imp = texts[3],
            Bid = own && negative ? null : texts[4],
            Id = kind == EventKind.Adjust ? texts[5] : null,
        };

    public static Gen<EngineEvent> Conversion =>
        from kind in Gen.Elements(EventKind.Convert, EventKind.Retract, EventKind.Restate)
        from texts in Text.ArrayOf(4)
        from tenant in Tenant
        from time in Time
        from click in Time
        from known in Gen.Elements(true, false)
        from value in Money
        from revision in Gen.Choose(0, int.MaxValue)
        select new EngineEvent
        {
            Kind = kind,
            TenantId = tenant,
            CampaignId = texts[0],
            TimeTicks = time,
            OriginTicks = known ? click : 0,
            ValueMicros = value / 1000,
            Count = revision,
            Source = texts[1],
            Auction = texts[2],
            Imp = known ? texts[3] : null,
        };

    public static Gen<EngineEvent> Opportunity =>
        from spend in Spend
        from market in Money
        from known in Gen.Elements(true, false)
        from won in Gen.Elements(true, false)
        select new EngineEvent
        {
            Kind = EventKind.Opportunity,
            TenantId = spend.TenantId,
            CampaignId = spend.CampaignId,
            TimeTicks = spend.TimeTicks,
            ValueE9 = spend.ValueE9,
            MarketNanos = known ? market : -1,
            Flag = won,
            Lease = spend.Lease,
            Seq = spend.Seq,
            Source = spend.Source,
            Auction = spend.Auction,
            Imp = spend.Imp,
        };

    public static Gen<EngineEvent> BidStats =>
        from tenant in Tenant
        from texts in Text.ArrayOf(2)
        from time in Time
        from sums in Ticks(0, long.MaxValue / 2).ArrayOf(3)
        from counts in Ticks(0, 1_000_000_000_000).ArrayOf(2)
        from final in Gen.Elements(true, false)
        from day in Gen.Elements(0L, 20260301L)
        select new EngineEvent
        {
            Kind = EventKind.BidStats,
            TenantId = tenant,
            CampaignId = texts[0],
            Source = texts[1],
            TimeTicks = time,
            Count = counts[0],
            Bids = counts[1],
            ValueE9 = sums[0],
            MarketNanos = sums[1],
            AmountNanos = sums[2],
            Flag = final,
            Seq = day,
        };

    public static Gen<EngineEvent> Settings =>
        from objective in Gen.Elements(Enum.GetValues<Objective>())
        from mode in Gen.Elements(Enum.GetValues<PacingMode>())
        from reservation in Gen.Elements(Enum.GetValues<Reservation>())
        from status in Gen.Elements(Enum.GetValues<CampaignStatus>())
        from optional in Gen.Elements(true, false)
        from target in Gen.Choose(1, 1_000_000_000)
        from budget in Ticks(1_000_000, MaxMoney)
        from floor in Ticks(0, 1_000_000_000)
        from min in Gen.Choose(1, 1000)
        from name in Gen.OneOf(Gen.Constant(""), Text)
        from hours in Gen.Choose(0, 23).ListOf(5)
        from number in Gen.Choose(1, 1_000_000)
        from time in Gen.OneOf(Gen.Constant(0L), Time)
        from zone in Gen.Elements("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
        let campaign = new Campaign
        {
            Id = "c-" + number,
            TenantId = optional ? "t1" : "default",
            Name = name,
            Objective = objective,
            Currency = optional ? "EUR" : "USD",
            DailyBudgetNanos = budget,
            Target = objective == Objective.MaxConversions ? null : target / 1_000_000m,
            Reference = optional ? target / 1_000_000m : null,
            BidFloorNanos = floor,
            BidCapNanos = optional ? floor * 2 : 0,
            Schedule = new Schedule
            {
                TimeZone = zone,
                FlightStart = optional ? new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(number) : null,
                FlightEnd = optional ? new DateTime(2027, 1, 1, 0, 0, 0, DateTimeKind.Utc) : null,
                Hours = [.. hours],
            },
            FlightBudgetNanos = optional ? budget : null,
            Account = optional ? "account-7" : null,
            AccountBudgetNanos = optional ? budget : null,
            Policy = optional ? "gave" : null,
            Mode = mode,
            Reservation = reservation,
            MinMultiplier = min / 10_007.0,
            MaxMultiplier = 1 + min / 11.0,
            AccountConstant = min / 3_001.0,
            Status = status,
            Parent = optional ? "c-parent" : null,
            Version = number,
        }
        select new EngineEvent { Kind = EventKind.Campaign, TenantId = campaign.TenantId, CampaignId = campaign.Id, TimeTicks = time, Settings = campaign };

    /// <summary>Evenly drawn 64-bit numbers: FsCheck's own generators stay near zero.</summary>
    private static Gen<long> Ticks(long low, long high) =>
        from a in Gen.Choose(0, int.MaxValue)
        from b in Gen.Choose(0, int.MaxValue)
        select low + (long)((UInt128)(ulong)(high - low) * (((ulong)(uint)a << 31) | (uint)b) / ((1UL << 62) - 1));
}
