using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>Writes input events in the form that <see cref="EventReader"/> reads and Schemas/*.json describe.</summary>
public static class EventWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly ArrayBufferWriter<byte> Nothing = new();

    [ThreadStatic]
    private static Utf8JsonWriter? _json;

    /// <summary>Writes one event; the topic is <c>Topic.Of(e.Kind)</c>. Spend amounts are marked with the campaign's account currency where it is known.</summary>
    public static void Write(in EngineEvent e, ICampaignNames names, IBufferWriter<byte> output)
    {
        Utf8JsonWriter json = Begin(output);
        switch (e.Kind)
        {
            case EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Adjust: WriteSpend(json, e, names); break;
            case EventKind.Convert or EventKind.Retract or EventKind.Restate: WriteConversion(json, e); break;
            case EventKind.Opportunity: WriteOpportunity(json, e); break;
            case EventKind.BidStats: WriteBidStats(json, e); break;
            case EventKind.Campaign: CampaignWriter.Write(json, e); break;
            default: throw new ArgumentOutOfRangeException(nameof(e), e.Kind, null);
        }

        End(json);
    }

    /// <summary>The thread's writer over <paramref name="output"/>, inside an object that starts with its version.</summary>
    internal static Utf8JsonWriter Begin(IBufferWriter<byte> output)
    {
        Utf8JsonWriter json = _json ??= new Utf8JsonWriter(output, Options);
        json.Reset(output);
        json.WriteStartObject();
        json.WriteNumber("v"u8, EventFields.Version);
        return json;
    }

    internal static void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        json.Flush();
        // The writer outlives the call: it must not keep the caller's buffer alive.
        json.Reset(Nothing);
    }

    internal static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> name, long utcTicks)
    {
        Span<byte> text = stackalloc byte[TimeText.MaxLength];
        json.WriteString(name, text[..TimeText.Write(text, utcTicks)]);
    }

    internal static void WriteTenant(Utf8JsonWriter json, string? tenant)
    {
        if (tenant is not (null or EventFields.DefaultTenant)) json.WriteString("tenant"u8, tenant);
    }

    internal static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null) json.WriteString(name, text);
    }

    private static void WriteSpend(Utf8JsonWriter json, in EngineEvent e, ICampaignNames names)
    {
        json.WriteString("kind"u8, EventKinds.Text(e.Kind));
        json.WriteString("via"u8, e.Via switch { BillingChannel.Burl => "burl"u8, BillingChannel.Nurl => "nurl"u8, _ => "stream"u8 });
        WriteTenant(json, e.TenantId);
        WriteBidKey(json, e);
        WriteText(json, "bid"u8, e.Bid);
        WriteText(json, "campaign"u8, e.CampaignId);
        json.WriteNumber("priceNanos"u8, e.AmountNanos);
        json.WriteString("currency"u8, names.CurrencyOf(e.CampaignId) ?? EventFields.AccountCurrency);
        if (e.ValueE9 != 0) json.WriteNumber("valueE9"u8, e.ValueE9);
        WriteTime(json, "time"u8, e.TimeTicks);
        if (e.OriginTicks != 0) WriteTime(json, "bidTime"u8, e.OriginTicks);
        if (e.Kind == EventKind.Adjust) WriteText(json, "id"u8, e.Id);
    }

    private static void WriteConversion(Utf8JsonWriter json, in EngineEvent e)
    {
        json.WriteString("kind"u8, EventKinds.Text(e.Kind));
        WriteTenant(json, e.TenantId);
        WriteText(json, "id"u8, e.Auction);
        json.WriteNumber("revision"u8, e.Count);
        WriteText(json, "source"u8, e.Source);
        WriteText(json, "campaign"u8, e.CampaignId);
        WriteText(json, "auction"u8, e.Imp);
        json.WriteNumber("valueMicros"u8, e.ValueMicros);
        if (e.OriginTicks != 0) WriteTime(json, "clickTime"u8, e.OriginTicks);
        WriteTime(json, "time"u8, e.TimeTicks);
    }

    private static void WriteOpportunity(Utf8JsonWriter json, in EngineEvent e)
    {
        WriteTenant(json, e.TenantId);
        WriteBidKey(json, e);
        WriteText(json, "campaign"u8, e.CampaignId);
        json.WriteNumber("valueE9"u8, e.ValueE9);
        if (e.MarketNanos >= 0) json.WriteNumber("minimumToWinNanos"u8, e.MarketNanos);
        json.WriteBoolean("won"u8, e.Flag);
        WriteTime(json, "time"u8, e.TimeTicks);
    }

    private static void WriteBidStats(Utf8JsonWriter json, in EngineEvent e)
    {
        WriteTenant(json, e.TenantId);
        WriteText(json, "node"u8, e.Source);
        WriteText(json, "campaign"u8, e.CampaignId);
        if (e.Seq != 0) json.WriteNumber("day"u8, e.Seq);
        json.WriteNumber("opportunities"u8, e.Count);
        json.WriteNumber("bids"u8, e.Bids);
        json.WriteNumber("valueE9"u8, e.ValueE9);
        json.WriteNumber("bidValueE9"u8, e.MarketNanos);
        json.WriteNumber("bidNanos"u8, e.AmountNanos);
        json.WriteBoolean("final"u8, e.Flag);
        WriteTime(json, "time"u8, e.TimeTicks);
    }

    private static void WriteBidKey(Utf8JsonWriter json, in EngineEvent e)
    {
        WriteText(json, "exchange"u8, e.Source);
        WriteText(json, "auction"u8, e.Auction);
        WriteText(json, "imp"u8, e.Imp);
        if (e.Lease <= 0) return;
        json.WriteNumber("lease"u8, e.Lease);
        json.WriteNumber("seq"u8, e.Seq);
    }
}
