using System.Buffers;
using System.Text.Json;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Json;

/// <summary>autobid.outcomes: what became of a node's bids.</summary>
public static class OutcomesJson
{
    private const int V = 0, Node = 1, Lease = 2, Time = 3, Outcomes = 4;
    private const int Seq = 0, Kind = 1, PriceNanos = 2;

    private static readonly FieldTable Table = new("v", "node", "lease", "time", "outcomes");
    private static readonly FieldTable OutcomeTable = new("seq", "kind", "priceNanos");
    private static readonly FieldTable Kinds = new("bill", "loss");

    public static void Write(LeaseOutcomes outcomes, IBufferWriter<byte> output)
    {
        Utf8JsonWriter json = EventWriter.Begin(output);
        json.WriteString("node"u8, outcomes.Node);
        json.WriteNumber("lease"u8, outcomes.LeaseId);
        EventWriter.WriteTime(json, "time"u8, outcomes.TimeTicks);
        json.WriteStartArray("outcomes"u8);
        foreach (BidOutcome one in outcomes.Outcomes)
        {
            json.WriteStartObject();
            json.WriteNumber("seq"u8, one.Seq);
            json.WriteString("kind"u8, one.IsBill ? "bill"u8 : "loss"u8);
            json.WriteNumber("priceNanos"u8, one.PriceNanos);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        EventWriter.End(json);
    }

    public static bool TryRead(ReadOnlySpan<byte> payload, out LeaseOutcomes? outcomes, out string error)
    {
        JsonFields fields = JsonFields.Scan(payload, Table);
        outcomes = null;
        if (fields.Error is null && fields.Long(V, long.MinValue, long.MaxValue) != EventFields.Version && fields.Error is null)
            fields.Fail("version", V, $"must be {EventFields.Version}");
        LeaseOutcomes? read = fields.Error is null
            ? new LeaseOutcomes(fields.Text(Node, EventFields.MaxId), fields.Long(Lease, 1, long.MaxValue), fields.Time(Time), ReadAll(ref fields))
            : null;
        error = fields.Error?.ToString() ?? "";
        if (fields.Error is null) outcomes = read;
        return outcomes is not null;
    }

    private static List<BidOutcome> ReadAll(ref JsonFields fields)
    {
        var all = new List<BidOutcome>();
        if (!fields.Require(Outcomes, JsonTokenType.StartArray, "an array")) return all;
        ReadOnlySpan<byte> raw = fields.Raw(Outcomes);
        var reader = new Utf8JsonReader(raw);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            JsonFields one = JsonFields.Scan(raw[start..(int)reader.BytesConsumed], OutcomeTable, "outcomes.");
            bool isBill = one.Choice(Kind, Kinds, "bill, loss") == 0;
            all.Add(new BidOutcome(one.Long(Seq, 0, long.MaxValue), isBill, one.Long(PriceNanos, 0, long.MaxValue)));
            if (one.Error is not { } wrong) continue;
            fields.Fail(wrong);
            return all;
        }

        if (reader.TokenType != JsonTokenType.EndArray) fields.Fail("type", Outcomes, "must be an array of objects");
        return all;
    }
}
