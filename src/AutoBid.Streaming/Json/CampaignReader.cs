using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>Decodes autobid.campaigns: every field of <see cref="Campaign"/> in camelCase, with tenant, version and v. Defaults as in Core.</summary>
internal static class CampaignReader
{
    private const int V = 0, Tenant = 1, Id = 2, Name = 3, Objective = 4, Currency = 5, DailyBudget = 6, Target = 7, Reference = 8, BidFloor = 9, BidCap = 10,
        Schedule = 11, FlightBudget = 12, Account = 13, AccountBudget = 14, Policy = 15, Mode = 16, Reservation = 17, MinMultiplier = 18,
        MaxMultiplier = 19, AccountConstant = 20, Status = 21, Parent = 22, Version = 23, Time = 24;

    private const int TimeZone = 0, FlightStart = 1, FlightEnd = 2, Hours = 3;

    private static readonly FieldTable Table = new(
        "v", "tenant", "id", "name", "objective", "currency", "dailyBudgetNanos", "target", "reference", "bidFloorNanos", "bidCapNanos", "schedule",
        "flightBudgetNanos", "account", "accountBudgetNanos", "policy", "mode", "reservation", "minMultiplier", "maxMultiplier", "accountConstant",
        "status", "parent", "version", "time");

    // A million campaigns mostly share these.
    private static readonly StringCache Names = new();
    private static readonly Schedule Always = new();
    private static readonly Campaign Defaults = new() { Id = "", TenantId = EventFields.DefaultTenant, Objective = default, DailyBudgetNanos = 0 };

    private static readonly FieldTable ScheduleTable = new("timeZone", "flightStart", "flightEnd", "hours");
    private static readonly FieldTable Objectives = new(Enum.GetNames<Objective>());
    private static readonly FieldTable Modes = new(Enum.GetNames<PacingMode>());
    private static readonly FieldTable Reservations = new(Enum.GetNames<Reservation>());
    private static readonly FieldTable Statuses = new(Enum.GetNames<CampaignStatus>());

    /// <summary>The identity is the caller's to fill.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out EngineEvent e, out EventError error)
    {
        e = default;
        error = default;
        JsonFields fields = JsonFields.Scan(payload, Table);
        if (fields.Error is null && fields.Long(V, long.MinValue, long.MaxValue) != EventFields.Version && fields.Error is null)
            fields.Fail("version", V, $"must be {EventFields.Version}");
        Campaign? campaign = fields.Error is null ? Read(ref fields) : null;
        long time = fields.Time(Time, otherwise: 0);
        if (fields.Error is null && CampaignRules.Check(campaign!) is [var broken, ..])
            fields.Fail(new EventError("campaign", broken.Key, broken.Value));
        if (fields.Error is { } wrong)
        {
            error = wrong;
            return false;
        }

        e.Kind = EventKind.Campaign;
        e.TenantId = campaign!.TenantId;
        e.CampaignId = campaign.Id;
        e.TimeTicks = time;
        e.Settings = campaign;
        return true;
    }

    private static Campaign Read(ref JsonFields fields)
    {
        return new Campaign
        {
            Id = fields.Text(Id, EventFields.MaxName),
            TenantId = fields.TextOrNull(Tenant, EventFields.MaxName, Names) ?? Defaults.TenantId,
            Name = fields.Has(Name) && fields.Raw(Name).IsEmpty ? "" : fields.TextOrNull(Name, 1024) ?? Defaults.Name,
            Objective = (Objective)Math.Max(0, fields.Choice(Objective, Objectives, string.Join(", ", Enum.GetNames<Objective>()))),
            Currency = fields.TextOrNull(Currency, 3, Names) ?? Defaults.Currency,
            DailyBudgetNanos = fields.Long(DailyBudget, 0, Nanos.Max),
            Target = fields.Decimal(Target),
            Reference = fields.Decimal(Reference),
            BidFloorNanos = fields.Long(BidFloor, 0, Nanos.Max, otherwise: 0),
            BidCapNanos = fields.Long(BidCap, 0, Nanos.Max, otherwise: 0),
            Schedule = ReadSchedule(ref fields),
            FlightBudgetNanos = fields.Has(FlightBudget) ? fields.Long(FlightBudget, 0, Nanos.Max) : null,
            Account = fields.TextOrNull(Account, EventFields.MaxId, Names),
            AccountBudgetNanos = fields.Has(AccountBudget) ? fields.Long(AccountBudget, 0, Nanos.Max) : null,
            Policy = fields.TextOrNull(Policy, EventFields.MaxName, Names),
            Mode = fields.Has(Mode) ? (PacingMode)Math.Max(0, fields.Choice(Mode, Modes, string.Join(", ", Enum.GetNames<PacingMode>()))) : Defaults.Mode,
            Reservation = fields.Has(Reservation)
                ? (Reservation)Math.Max(0, fields.Choice(Reservation, Reservations, string.Join(", ", Enum.GetNames<Reservation>())))
                : Defaults.Reservation,
            MinMultiplier = fields.Double(MinMultiplier, Defaults.MinMultiplier),
            MaxMultiplier = fields.Double(MaxMultiplier, Defaults.MaxMultiplier),
            AccountConstant = fields.Double(AccountConstant, Defaults.AccountConstant),
            Status = fields.Has(Status)
                ? (CampaignStatus)Math.Max(0, fields.Choice(Status, Statuses, string.Join(", ", Enum.GetNames<CampaignStatus>())))
                : Defaults.Status,
            Parent = fields.TextOrNull(Parent, EventFields.MaxName),
            Version = fields.Long(Version, 0, long.MaxValue),
        };
    }

    private static Schedule ReadSchedule(ref JsonFields fields)
    {
        if (!fields.Has(Schedule) || !fields.Require(Schedule, JsonTokenType.StartObject, "an object")) return Always;
        JsonFields schedule = JsonFields.Scan(fields.Raw(Schedule), ScheduleTable, "schedule.");
        var read = new Schedule
        {
            TimeZone = schedule.TextOrNull(TimeZone, EventFields.MaxName, Names) ?? "UTC",
            FlightStart = schedule.Has(FlightStart) ? new DateTime(schedule.Time(FlightStart), DateTimeKind.Utc) : null,
            FlightEnd = schedule.Has(FlightEnd) ? new DateTime(schedule.Time(FlightEnd), DateTimeKind.Utc) : null,
            Hours = ReadHours(ref schedule),
        };
        if (schedule.Error is { } wrong) fields.Fail(wrong);
        return read is { TimeZone: "UTC", FlightStart: null, FlightEnd: null, Hours.Count: 0 } ? Always : read;
    }

    private static List<int> ReadHours(ref JsonFields schedule)
    {
        var hours = new List<int>();
        if (!schedule.Has(Hours) || !schedule.Require(Hours, JsonTokenType.StartArray, "an array")) return hours;
        var reader = new Utf8JsonReader(schedule.Raw(Hours));
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int hour) && hour is >= 0 and <= 23 && hours.Count < 24)
            {
                hours.Add(hour);
                continue;
            }

            schedule.Fail("range", Hours, "must be at most 24 integers in 0..23");
            break;
        }

        return hours;
    }
}
