using System.Text.Json.Serialization;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Server.Http;

namespace AutoBid.Server.Campaigns;

/// <summary>A campaign over REST. Money in account currency with at most 6 decimals; floor and cap in CPM.</summary>
public sealed record CampaignDocument
{
    private const int LongestName = 256;
    private const string Identifier = "1 to 64 letters, digits, '.', '_', ':' or '-'";

    public string? Id { get; init; }

    public string? Name { get; init; }

    [JsonConverter(typeof(StrictEnumConverter<Objective>))]
    public Objective? Objective { get; init; }

    public string? Currency { get; init; }

    public decimal? DailyBudget { get; init; }

    public decimal? Target { get; init; }

    public decimal? Reference { get; init; }

    public decimal? BidFloorCpm { get; init; }

    public decimal? BidCapCpm { get; init; }

    public ScheduleDocument? Schedule { get; init; }

    public decimal? FlightBudget { get; init; }

    public string? Account { get; init; }

    public decimal? AccountBudget { get; init; }

    public string? Policy { get; init; }

    [JsonConverter(typeof(StrictEnumConverter<PacingMode>))]
    public PacingMode? Mode { get; init; }

    [JsonConverter(typeof(StrictEnumConverter<Reservation>))]
    public Reservation? Reservation { get; init; }

    public double? MinMultiplier { get; init; }

    public double? MaxMultiplier { get; init; }

    public double? AccountConstant { get; init; }

    [JsonConverter(typeof(StrictEnumConverter<CampaignStatus>))]
    public CampaignStatus? Status { get; init; }

    public string? Parent { get; init; }

    public long? Version { get; init; }

    /// <summary>The document of a stored campaign.</summary>
    public static CampaignDocument Of(Campaign campaign) => new()
    {
        Id = campaign.Id,
        Name = campaign.Name,
        Objective = campaign.Objective,
        Currency = campaign.Currency,
        DailyBudget = Nanos.ToDecimal(campaign.DailyBudgetNanos),
        Target = campaign.Target,
        Reference = campaign.Reference,
        BidFloorCpm = campaign.BidFloorNanos == 0 ? null : Nanos.ToDecimal(campaign.BidFloorNanos) * 1000,
        BidCapCpm = campaign.BidCapNanos == 0 ? null : Nanos.ToDecimal(campaign.BidCapNanos) * 1000,
        Schedule = ScheduleDocument.Of(campaign.Schedule),
        FlightBudget = campaign.FlightBudgetNanos is { } flight ? Nanos.ToDecimal(flight) : null,
        Account = campaign.Account,
        AccountBudget = campaign.AccountBudgetNanos is { } account ? Nanos.ToDecimal(account) : null,
        Policy = campaign.Policy,
        Mode = campaign.Mode,
        Reservation = campaign.Reservation,
        MinMultiplier = campaign.MinMultiplier,
        MaxMultiplier = campaign.MaxMultiplier,
        AccountConstant = campaign.AccountConstant,
        Status = campaign.Status,
        Parent = campaign.Parent,
        Version = campaign.Version,
    };

    /// <summary>The campaign that the document asks for, or what is wrong with it by field.</summary>
    public bool TryToCampaign(string id, string tenantId, out Campaign campaign, out List<KeyValuePair<string, string>> errors)
    {
        errors = [];
        long budget = Money("dailyBudget", DailyBudget, 6, 1, errors);
        if (DailyBudget is null) errors.Add(new("dailyBudget", "is required"));
        if (Objective is null) errors.Add(new("objective", "is required: MaxConversions, TargetCpa or TargetRoas"));
        campaign = new Campaign
        {
            Id = id,
            TenantId = tenantId,
            Name = Name ?? "",
            Objective = Objective ?? default,
            Currency = Currency ?? "USD",
            DailyBudgetNanos = budget,
            Target = Target,
            Reference = Reference,
            BidFloorNanos = Money("bidFloorCpm", BidFloorCpm, 6, 1000, errors),
            BidCapNanos = Money("bidCapCpm", BidCapCpm, 6, 1000, errors),
            Schedule = (Schedule ?? new ScheduleDocument()).ToSchedule(),
            FlightBudgetNanos = FlightBudget is null ? null : Money("flightBudget", FlightBudget, 6, 1, errors),
            Account = Account,
            AccountBudgetNanos = AccountBudget is null ? null : Money("accountBudget", AccountBudget, 6, 1, errors),
            Policy = Policy,
            Mode = Mode ?? PacingMode.TargetFirst,
            Reservation = Reservation ?? Core.Campaigns.Reservation.Strict,
            MinMultiplier = MinMultiplier ?? 0.05,
            MaxMultiplier = MaxMultiplier ?? 4,
            AccountConstant = AccountConstant ?? 1,
            Status = Status ?? CampaignStatus.Active,
            Parent = Parent,
        };
        // What the event on autobid.campaigns could not carry would be stored and never reach the engine.
        if (campaign.Name.Length > LongestName) errors.Add(new("name", $"at most {LongestName} characters"));
        if (Account is not null && !IsIdentifier(Account)) errors.Add(new("account", Identifier));
        if (Parent is not null && !IsIdentifier(Parent)) errors.Add(new("parent", Identifier));
        if (campaign.Schedule.Hours.Count > 24) errors.Add(new("schedule.hours", "at most 24 entries"));
        if (!IsInCalendar(campaign.Schedule.FlightStart)) errors.Add(new("schedule.flightStart", "must lie in the years 2000 to 2100"));
        if (!IsInCalendar(campaign.Schedule.FlightEnd)) errors.Add(new("schedule.flightEnd", "must lie in the years 2000 to 2100"));
        if (errors.Count == 0) errors = CampaignRules.Check(campaign);
        return errors.Count == 0;
    }

    private static bool IsInCalendar(DateTime? instant) => instant is not { Year: < 2000 or > 2100 };

    private static bool IsIdentifier(string text)
        => text.Length is >= 1 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-');

    private static long Money(string field, decimal? amount, int decimals, int per, List<KeyValuePair<string, string>> errors)
    {
        if (amount is not { } value) return 0;
        if (value < 0 || value > 1_000_000_000m || decimal.Round(value, decimals) != value)
        {
            errors.Add(new(field, $"must lie between 0 and 1,000,000,000, with at most {decimals} decimals"));
            return 0;
        }

        return (long)(value * (Nanos.PerUnit / per));
    }
}
