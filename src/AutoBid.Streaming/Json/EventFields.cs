namespace AutoBid.Streaming.Json;

/// <summary>The field names of the event topics (Schemas/), and their limits.</summary>
internal static class EventFields
{
    public const int V = 0, Kind = 1, Via = 2, Exchange = 3, Auction = 4, Imp = 5, Bid = 6, Campaign = 7, PriceNanos = 8, Currency = 9, Time = 10,
        BidTime = 11, Lease = 12, Seq = 13, Id = 14, ValueE9 = 15, Tenant = 16, Revision = 17, Source = 18, ValueMicros = 19, ClickTime = 20,
        MinimumToWinNanos = 21, Won = 22, Node = 23, Day = 24, Opportunities = 25, Bids = 26, BidValueE9 = 27, BidNanos = 28, Final = 29;

    /// <summary>Version of every wire form.</summary>
    public const int Version = 1;

    public const string DefaultTenant = "default";

    /// <summary>Currency of an amount that is in the campaign's account currency already (ISO 4217: "no currency").</summary>
    public const string AccountCurrency = "XXX";

    /// <summary>Longest campaign and tenant id, as in CampaignRules.</summary>
    public const int MaxName = 64;

    /// <summary>Longest exchange, node, source, auction, impression, bid or conversion id.</summary>
    public const int MaxId = 256;

    /// <summary>Largest count of one event.</summary>
    public const long MaxCount = 1_000_000_000_000;

    /// <summary>Largest payload, bytes.</summary>
    public const int MaxPayload = 256 * 1024;

    public static readonly FieldTable Table = new(
        "v", "kind", "via", "exchange", "auction", "imp", "bid", "campaign", "priceNanos", "currency", "time", "bidTime", "lease", "seq", "id", "valueE9",
        "tenant", "revision", "source", "valueMicros", "clickTime", "minimumToWinNanos", "won", "node", "day", "opportunities", "bids", "bidValueE9",
        "bidNanos", "final");

    public static readonly FieldTable SpendKinds = new("bill", "win", "loss", "adjust");

    public static readonly FieldTable ConversionKinds = new("convert", "retract", "restate");

    public static readonly FieldTable Channels = new("burl", "nurl", "stream");
}
