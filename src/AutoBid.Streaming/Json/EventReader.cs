using AutoBid.Core.Money;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Json;

/// <summary>
/// Decodes the JSON events of the input topics (Schemas/*.json). Unknown fields are ignored; a missing, mistyped or absurd one refuses the event with a
/// reason that names the field. The same code reads Kafka, the embedded log and POST /v1/events.
/// Two fields live in slots of <see cref="EngineEvent"/> that their kind leaves free: a conversion's auction in Imp, the day of bidstats in Seq.
/// </summary>
public static class EventReader
{
    private static readonly StringCache Names = new();

    /// <summary>Decodes one event and computes its identity; partition and offset are the caller's to fill.</summary>
    public static bool TryRead(string topic, ReadOnlySpan<byte> payload, ICampaignNames names, out EngineEvent e, out string error)
    {
        bool read = TryRead(topic, payload, names, out e, out EventError why);
        error = read ? "" : why.ToString();
        return read;
    }

    /// <summary>As the other overload, with the reason in parts.</summary>
    public static bool TryRead(string topic, ReadOnlySpan<byte> payload, ICampaignNames names, out EngineEvent e, out EventError error)
    {
        if (!TryReadFields(topic, payload, names, out e, out error)) return false;
        e.Identity = EventIdentities.Of(e);
        return true;
    }

    /// <summary>As <see cref="TryRead(string, ReadOnlySpan{byte}, ICampaignNames, out EngineEvent, out EventError)"/>, but the identity is the caller's to fill (<see cref="IdentityBatch"/>).</summary>
    internal static bool TryReadFields(string topic, ReadOnlySpan<byte> payload, ICampaignNames names, out EngineEvent e, out EventError error)
    {
        e = default;
        error = default;
        if (payload.Length > EventFields.MaxPayload)
        {
            error = new EventError("size", "", $"the event is larger than {EventFields.MaxPayload} bytes");
            return false;
        }

        if (topic == Topic.Campaigns) return CampaignReader.TryRead(payload, out e, out error);
        if (topic is not (Topic.Spend or Topic.Conversions or Topic.Opportunities or Topic.BidStats))
        {
            error = new EventError("topic", "topic", $"must be one of {string.Join(", ", Topic.Inputs)}");
            return false;
        }

        JsonFields fields = JsonFields.Scan(payload, EventFields.Table);
        if (fields.Error is null)
        {
            fields.Long(EventFields.V, long.MinValue, long.MaxValue);
            if (fields.Error is null && fields.Long(EventFields.V, long.MinValue, long.MaxValue) != EventFields.Version)
                fields.Fail("version", EventFields.V, $"must be {EventFields.Version}");
            e.TenantId = fields.TextOrNull(EventFields.Tenant, EventFields.MaxName, Names) ?? EventFields.DefaultTenant;
            e.CampaignId = fields.Text(EventFields.Campaign, EventFields.MaxName, names: names);
            e.TimeTicks = fields.Time(EventFields.Time);
            switch (topic)
            {
                case Topic.Spend: ReadSpend(ref fields, ref e, names); break;
                case Topic.Conversions: ReadConversion(ref fields, ref e); break;
                case Topic.Opportunities: ReadOpportunity(ref fields, ref e); break;
                default: ReadBidStats(ref fields, ref e); break;
            }
        }

        if (fields.Error is { } wrong)
        {
            e = default;
            error = wrong;
            return false;
        }

        return true;
    }

    /// <summary>Throws ArgumentException when a payload about to be appended could not be read back: acknowledged, it would be lost.</summary>
    internal static void Require(string topic, ReadOnlySpan<byte> payload, ICampaignNames names)
    {
        if (!TryReadFields(topic, payload, names, out _, out EventError error)) throw new ArgumentException($"an event of {topic} is not valid: {error}");
    }

    private static void ReadSpend(ref JsonFields fields, ref EngineEvent e, ICampaignNames names)
    {
        int kind = fields.Choice(EventFields.Kind, EventFields.SpendKinds, "bill, win, loss, adjust");
        e.Kind = (EventKind)((int)EventKind.Bill + Math.Max(0, kind));
        e.Via = (BillingChannel)Math.Max(0, fields.Choice(EventFields.Via, EventFields.Channels, "burl, nurl, stream"));
        e.AmountNanos = fields.Long(EventFields.PriceNanos, e.Kind == EventKind.Adjust ? -Nanos.Max : 0, Nanos.Max);
        e.ValueE9 = fields.Long(EventFields.ValueE9, 0, Nanos.Max, otherwise: 0);
        ReadBidKey(ref fields, ref e);
        e.Bid = e.Lease > 0 ? fields.TextOrNull(EventFields.Bid, EventFields.MaxId) : fields.Text(EventFields.Bid, EventFields.MaxId);
        if (e.Kind == EventKind.Adjust) e.Id = fields.Text(EventFields.Id, EventFields.MaxId);
        e.OriginTicks = e.Lease > 0 ? fields.Time(EventFields.BidTime, otherwise: 0) : fields.Time(EventFields.BidTime);
        ReadCurrency(ref fields, e.CampaignId, names);
    }

    private static void ReadCurrency(ref JsonFields fields, string campaign, ICampaignNames names)
    {
        string currency = fields.Text(EventFields.Currency, 3, Names);
        if (fields.Error is not null) return;
        if (currency.Length != 3 || !char.IsAsciiLetterUpper(currency[0]) || !char.IsAsciiLetterUpper(currency[1]) || !char.IsAsciiLetterUpper(currency[2]))
            fields.Fail("currency", EventFields.Currency, "must be an ISO 4217 code");
        else if (currency != EventFields.AccountCurrency && names.CurrencyOf(campaign) is { } account && account != currency)
            fields.Fail("currency", EventFields.Currency, $"must be the campaign's account currency {account}");
    }

    private static void ReadConversion(ref JsonFields fields, ref EngineEvent e)
    {
        int kind = fields.Choice(EventFields.Kind, EventFields.ConversionKinds, "convert, retract, restate");
        e.Kind = (EventKind)((int)EventKind.Convert + Math.Max(0, kind));
        e.Auction = fields.Text(EventFields.Id, EventFields.MaxId);
        e.Count = fields.Long(EventFields.Revision, 0, int.MaxValue);
        e.Source = fields.Text(EventFields.Source, EventFields.MaxId, Names);
        e.Imp = fields.TextOrNull(EventFields.Auction, EventFields.MaxId);
        e.ValueMicros = fields.Long(EventFields.ValueMicros, 0, Nanos.Max / 1000);
        e.OriginTicks = fields.Time(EventFields.ClickTime, otherwise: 0);
    }

    private static void ReadOpportunity(ref JsonFields fields, ref EngineEvent e)
    {
        e.Kind = EventKind.Opportunity;
        ReadBidKey(ref fields, ref e);
        e.ValueE9 = fields.Long(EventFields.ValueE9, 0, Nanos.Max);
        e.MarketNanos = fields.Long(EventFields.MinimumToWinNanos, 0, Nanos.Max, otherwise: -1);
        e.Flag = fields.Bool(EventFields.Won);
    }

    private static void ReadBidStats(ref JsonFields fields, ref EngineEvent e)
    {
        e.Kind = EventKind.BidStats;
        e.Source = fields.Text(EventFields.Node, EventFields.MaxId, Names);
        e.Seq = fields.Long(EventFields.Day, 2000_01_01, 2100_12_31, otherwise: 0);
        e.Count = fields.Long(EventFields.Opportunities, 0, EventFields.MaxCount);
        e.Bids = fields.Long(EventFields.Bids, 0, EventFields.MaxCount);
        e.ValueE9 = fields.Long(EventFields.ValueE9, 0, long.MaxValue / 2);
        e.MarketNanos = fields.Long(EventFields.BidValueE9, 0, long.MaxValue / 2);
        e.AmountNanos = fields.Long(EventFields.BidNanos, 0, long.MaxValue / 2);
        e.Flag = fields.Bool(EventFields.Final);
    }

    // Own bids are identified by (lease, seq), so that auction, imp and bid are required of foreign ones only.
    private static void ReadBidKey(ref JsonFields fields, ref EngineEvent e)
    {
        e.Source = fields.Text(EventFields.Exchange, EventFields.MaxId, Names);
        if (fields.Has(EventFields.Lease))
        {
            e.Lease = fields.Long(EventFields.Lease, 1, long.MaxValue);
            e.Seq = fields.Long(EventFields.Seq, 0, long.MaxValue);
            e.Auction = fields.TextOrNull(EventFields.Auction, EventFields.MaxId);
            e.Imp = fields.TextOrNull(EventFields.Imp, EventFields.MaxId);
        }
        else
        {
            e.Auction = fields.Text(EventFields.Auction, EventFields.MaxId);
            e.Imp = fields.Text(EventFields.Imp, EventFields.MaxId);
        }
    }
}
