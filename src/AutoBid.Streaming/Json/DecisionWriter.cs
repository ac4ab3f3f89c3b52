using System.Buffers;
using System.Text.Json;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;

namespace AutoBid.Streaming.Json;

/// <summary>Writes autobid.decisions (the whole record) and autobid.multipliers (the slot that bid nodes use).</summary>
public static class DecisionWriter
{
    public static void WriteDecision(DecisionRecord record, IBufferWriter<byte> output)
    {
        Utf8JsonWriter json = EventWriter.Begin(output);
        EventWriter.WriteTenant(json, record.TenantId);
        json.WriteString("campaign"u8, record.CampaignId);
        json.WriteNumber("day"u8, record.Day);
        json.WriteNumber("step"u8, record.Step);
        json.WriteNumber("tick"u8, record.Tick);
        EventWriter.WriteTime(json, "time"u8, record.TimeTicks);
        json.WriteString("policy"u8, record.Policy);
        json.WriteString("model"u8, record.Model);
        if (record.FallbackStep is null)
        {
            json.WriteNull("fallback"u8);
        }
        else
        {
            json.WriteStartObject("fallback"u8);
            json.WriteString("step"u8, record.FallbackStep);
            EventWriter.WriteText(json, "reason"u8, record.FallbackReason);
            json.WriteEndObject();
        }

        json.WriteStartArray("reasons"u8);
        foreach (string reason in record.Reasons) json.WriteStringValue(reason);
        json.WriteEndArray();
        WriteDouble(json, "rawMultiplier"u8, record.RawMultiplier);
        WriteSlot(json, record);
        json.WriteNumber("spentNanos"u8, record.SpentNanos);
        json.WriteNumber("budgetNanos"u8, record.BudgetNanos);
        WriteDouble(json, "conversions"u8, record.Conversions);
        WriteDouble(json, "conversionValue"u8, record.ConversionValue);
        WriteDouble(json, "latencyMs"u8, record.LatencyMs);
        json.WriteStartArray("row"u8);
        foreach (float value in record.Row)
        {
            if (float.IsFinite(value)) json.WriteNumberValue(value);
            else json.WriteNullValue();
        }

        json.WriteEndArray();
        WritePlan(json, record.Plan);
        EventWriter.End(json);
    }

    public static void WriteMultiplier(DecisionRecord record, IBufferWriter<byte> output)
    {
        Utf8JsonWriter json = EventWriter.Begin(output);
        EventWriter.WriteTenant(json, record.TenantId);
        json.WriteString("campaign"u8, record.CampaignId);
        EventWriter.WriteTime(json, "time"u8, record.TimeTicks);
        WriteSlot(json, record);
        EventWriter.WriteText(json, "blocked"u8, record.Blocked switch
        {
            BidSlotFlags.OffSchedule => "schedule",
            BidSlotFlags.OutOfBudget => "budget",
            _ => null,
        });
        json.WriteNumber("spentNanos"u8, record.SpentNanos);
        EventWriter.End(json);
    }

    private static void WritePlan(Utf8JsonWriter json, DayPlan? plan)
    {
        // Ticks inside a step, and policies without plans, are the many: their rows stay short.
        if (plan is null) return;
        json.WriteStartObject("plan"u8);
        json.WriteNumber("step"u8, plan.FirstStep);
        WriteDouble(json, "promise"u8, plan.Promise);
        WriteShares(json, "spend"u8, plan.Spend);
        WriteShares(json, "value"u8, plan.Value);
        json.WriteEndObject();
    }

    private static void WriteShares(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<float> shares)
    {
        json.WriteStartArray(name);
        foreach (float share in shares) json.WriteNumberValue(share);
        json.WriteEndArray();
    }

    private static void WriteSlot(Utf8JsonWriter json, DecisionRecord record)
    {
        WriteDouble(json, "multiplier"u8, record.Multiplier);
        WriteDouble(json, "safeMultiplier"u8, record.SafeMultiplier);
        WriteDouble(json, "reference"u8, record.Reference);
        json.WriteNumber("bidFloorNanos"u8, record.BidFloorNanos);
        json.WriteNumber("bidCapNanos"u8, record.BidCapNanos);
        EventWriter.WriteTime(json, "expires"u8, record.ExpiresTicks);
        json.WriteNumber("version"u8, record.Version);
    }

    // JSON has no NaN: what a policy got wrong stays visible as null.
    private static void WriteDouble(Utf8JsonWriter json, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
