using System.Text.Json;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;

namespace AutoBid.Streaming.Json;

/// <summary>Reads autobid.decisions back: the console's history, data exports, tests.</summary>
public static class DecisionReader
{
    private const int V = 0, Tenant = 1, Campaign = 2, Day = 3, Step = 4, Tick = 5, Time = 6, Policy = 7, Model = 8, Fallback = 9, Reasons = 10,
        RawMultiplier = 11, Multiplier = 12, SafeMultiplier = 13, Reference = 14, BidFloor = 15, BidCap = 16, Spent = 17, Budget = 18, Conversions = 19,
        ConversionValue = 20, Expires = 21, Version = 22, LatencyMs = 23, Row = 24, Plan = 25;

    private const int MaxItems = 4096;

    private static readonly FieldTable Table = new(
        "v", "tenant", "campaign", "day", "step", "tick", "time", "policy", "model", "fallback", "reasons", "rawMultiplier", "multiplier",
        "safeMultiplier", "reference", "bidFloorNanos", "bidCapNanos", "spentNanos", "budgetNanos", "conversions", "conversionValue", "expires",
        "version", "latencyMs", "row", "plan");

    private static readonly FieldTable FallbackTable = new("step", "reason");
    private static readonly FieldTable PlanTable = new("step", "promise", "spend", "value");
    private static readonly StringCache Names = new();

    public static bool TryRead(ReadOnlySpan<byte> payload, out DecisionRecord? record, out string error)
    {
        JsonFields fields = JsonFields.Scan(payload, Table);
        record = null;
        if (fields.Error is null && fields.Long(V, long.MinValue, long.MaxValue) != EventFields.Version && fields.Error is null)
            fields.Fail("version", V, $"must be {EventFields.Version}");
        if (fields.Error is null) record = Read(ref fields);
        error = fields.Error?.ToString() ?? "";
        if (fields.Error is not null) record = null;
        return record is not null;
    }

    private static DecisionRecord Read(ref JsonFields fields)
    {
        string? step = null, reason = null;
        if (fields.Has(Fallback) && fields.Require(Fallback, JsonTokenType.StartObject, "an object or null"))
        {
            JsonFields fallback = JsonFields.Scan(fields.Raw(Fallback), FallbackTable, "fallback.");
            step = fallback.Text(0, EventFields.MaxName, Names);
            reason = fallback.TextOrNull(1, EventFields.MaxName, Names);
            if (fallback.Error is { } wrong) fields.Fail(wrong);
        }

        return new DecisionRecord
        {
            TenantId = fields.TextOrNull(Tenant, EventFields.MaxName, Names) ?? EventFields.DefaultTenant,
            CampaignId = fields.Text(Campaign, EventFields.MaxName, Names),
            Day = (int)fields.Long(Day, 0, int.MaxValue),
            Step = (int)fields.Long(Step, 0, int.MaxValue),
            Tick = (int)fields.Long(Tick, 0, int.MaxValue),
            TimeTicks = fields.Time(Time),
            Policy = fields.Text(Policy, EventFields.MaxId, Names),
            Model = fields.Has(Model) && fields.Raw(Model).IsEmpty ? "" : fields.Text(Model, EventFields.MaxId, Names),
            FallbackStep = step,
            FallbackReason = reason,
            Reasons = ReadReasons(ref fields),
            RawMultiplier = fields.Double(RawMultiplier, double.NaN),
            Multiplier = fields.Double(Multiplier, double.NaN),
            SafeMultiplier = fields.Double(SafeMultiplier, double.NaN),
            Reference = fields.Double(Reference, double.NaN),
            BidFloorNanos = fields.Long(BidFloor, 0, long.MaxValue),
            BidCapNanos = fields.Long(BidCap, 0, long.MaxValue),
            SpentNanos = fields.Long(Spent, long.MinValue, long.MaxValue),
            BudgetNanos = fields.Long(Budget, 0, long.MaxValue),
            Conversions = fields.Double(Conversions, double.NaN),
            ConversionValue = fields.Double(ConversionValue, double.NaN),
            ExpiresTicks = fields.Time(Expires),
            Version = fields.Long(Version, long.MinValue, long.MaxValue),
            LatencyMs = fields.Double(LatencyMs, double.NaN),
            Row = ReadNumbers(ref fields, Row),
            Plan = ReadPlan(ref fields),
        };
    }

    private static List<string> ReadReasons(ref JsonFields fields)
    {
        var reasons = new List<string>();
        if (!fields.Require(Reasons, JsonTokenType.StartArray, "an array")) return reasons;
        var reader = new Utf8JsonReader(fields.Raw(Reasons));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.String && reasons.Count < MaxItems) reasons.Add(Names.Intern(reader.GetString()));
        if (reader.TokenType != JsonTokenType.EndArray) fields.Fail("type", Reasons, "must be an array of text");
        return reasons;
    }

    private static DayPlan? ReadPlan(ref JsonFields fields)
    {
        if (!fields.Has(Plan) || !fields.Require(Plan, JsonTokenType.StartObject, "an object")) return null;
        JsonFields plan = JsonFields.Scan(fields.Raw(Plan), PlanTable, "plan.");
        int step = (int)plan.Long(0, 0, int.MaxValue);
        double promise = plan.Double(1, double.NaN);
        List<float> spend = ReadNumbers(ref plan, 2), value = ReadNumbers(ref plan, 3);
        if (plan.Error is null && spend.Count != value.Count) plan.Fail("length", 3, "must have as many steps as plan.spend");
        if (plan.Error is { } wrong) fields.Fail(wrong);
        return new DayPlan(step, spend, value, promise);
    }

    private static List<float> ReadNumbers(ref JsonFields fields, int field)
    {
        var numbers = new List<float>();
        if (!fields.Has(field) || !fields.Require(field, JsonTokenType.StartArray, "an array")) return numbers;
        var reader = new Utf8JsonReader(fields.Raw(field));
        reader.Read();
        while (reader.Read() && numbers.Count < MaxItems)
        {
            if (reader.TokenType == JsonTokenType.Null) numbers.Add(float.NaN);
            else if (reader.TokenType == JsonTokenType.Number && reader.TryGetSingle(out float value)) numbers.Add(value);
            else break;
        }

        if (reader.TokenType != JsonTokenType.EndArray) fields.Fail("type", field, "must be an array of numbers");
        return numbers;
    }
}
