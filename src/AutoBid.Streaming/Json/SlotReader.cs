using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Json;

/// <summary>Reads autobid.multipliers: the slots with which nodes bid for campaigns that another one decides.</summary>
public static class SlotReader
{
    private const int V = 0, Tenant = 1, Campaign = 2, Time = 3, Multiplier = 4, SafeMultiplier = 5, Reference = 6, BidFloor = 7, BidCap = 8, Expires = 9,
        Version = 10, Blocked = 11, Spent = 12;

    private static readonly FieldTable Table = new(
        "v", "tenant", "campaign", "time", "multiplier", "safeMultiplier", "reference", "bidFloorNanos", "bidCapNanos", "expires", "version", "blocked",
        "spentNanos");

    private static readonly FieldTable Reasons = new("schedule", "budget");
    private static readonly StringCache Names = new();

    public static bool TryRead(ReadOnlySpan<byte> payload, out NodeNotice.Slot? slot, out string error)
    {
        JsonFields fields = JsonFields.Scan(payload, Table);
        slot = null;
        if (fields.Error is null && fields.Long(V, long.MinValue, long.MaxValue) != EventFields.Version && fields.Error is null)
            fields.Fail("version", V, $"must be {EventFields.Version}");
        NodeNotice.Slot? read = fields.Error is null ? Read(ref fields) : null;
        error = fields.Error?.ToString() ?? "";
        if (fields.Error is null) slot = read;
        return slot is not null;
    }

    private static NodeNotice.Slot Read(ref JsonFields fields)
    {
        // null stands for a number that was none: with 0 nothing is bid.
        double reference = fields.Double(Reference, 0);
        long time = fields.Time(Time), expires = fields.Time(Expires), version = fields.Long(Version, 0, long.MaxValue);
        var value = new BidSlot
        {
            BidPerValue = fields.Double(Multiplier, 0) * reference,
            SafeBidPerValue = fields.Double(SafeMultiplier, 0) * reference,
            FloorNanos = fields.Long(BidFloor, 0, long.MaxValue),
            CapNanos = fields.Long(BidCap, 0, long.MaxValue),
            ExpiresTicks = expires,
            // Twice its life.
            DeadTicks = expires + Math.Max(expires - time, 0),
            Flags = !fields.Has(Blocked) ? BidSlotFlags.None
                : fields.Choice(Blocked, Reasons, "schedule, budget") == 0 ? BidSlotFlags.OffSchedule : BidSlotFlags.OutOfBudget,
        };
        return new NodeNotice.Slot(
            fields.TextOrNull(Tenant, EventFields.MaxName, Names) ?? EventFields.DefaultTenant, fields.Text(Campaign, EventFields.MaxName, Names), value, version,
            fields.Double(Multiplier, 0), fields.Long(Spent, long.MinValue, long.MaxValue, 0));
    }
}
