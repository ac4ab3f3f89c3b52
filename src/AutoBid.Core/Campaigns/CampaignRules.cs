using AutoBid.Core.Money;

namespace AutoBid.Core.Campaigns;

/// <summary>What a campaign must satisfy before it is stored: one sentence per broken rule, named by REST field.</summary>
public static class CampaignRules
{
    /// <summary>Smallest daily budget: a thousandth of a currency unit. Below it a single impression may exceed the day.</summary>
    private const long SmallestBudgetNanos = Nanos.PerUnit / 1000;

    /// <summary>Yields (field, message) for each broken rule; empty when the campaign is valid.</summary>
    public static List<KeyValuePair<string, string>> Check(Campaign campaign)
    {
        var errors = new List<KeyValuePair<string, string>>();
        void Fail(string field, string message) => errors.Add(new(field, message));

        if (!IsIdentifier(campaign.Id)) Fail("id", "1 to 64 letters, digits, '.', '_', ':' or '-'");
        if (!IsIdentifier(campaign.TenantId)) Fail("tenant", "1 to 64 letters, digits, '.', '_', ':' or '-'");
        if (campaign.DailyBudgetNanos < SmallestBudgetNanos || campaign.DailyBudgetNanos > Nanos.Max)
            Fail("dailyBudget", "must lie between 0.001 and 1,000,000,000");
        if (campaign.FlightBudgetNanos is < SmallestBudgetNanos or > Nanos.Max) Fail("flightBudget", "must lie between 0.001 and 1,000,000,000");
        if (campaign.AccountBudgetNanos is < SmallestBudgetNanos or > Nanos.Max) Fail("accountBudget", "must lie between 0.001 and 1,000,000,000");
        if (campaign.AccountBudgetNanos is not null && campaign.Account is null) Fail("account", "is required with accountBudget");
        CheckTarget(campaign, Fail);
        if (campaign.Currency.Length != 3 || !campaign.Currency.All(char.IsAsciiLetterUpper)) Fail("currency", "must be an ISO 4217 code");
        if (campaign.BidFloorNanos < 0 || campaign.BidFloorNanos > Nanos.Max) Fail("bidFloorCpm", "must not be negative");
        if (campaign.BidCapNanos < 0 || campaign.BidCapNanos > Nanos.Max) Fail("bidCapCpm", "must not be negative");
        if (campaign.BidCapNanos > 0 && campaign.BidCapNanos < campaign.BidFloorNanos) Fail("bidCapCpm", "must not be below bidFloorCpm");
        if (!(campaign.MinMultiplier > 0) || !(campaign.MaxMultiplier <= 100) || campaign.MinMultiplier > campaign.MaxMultiplier)
            Fail("minMultiplier", "0 < minMultiplier <= maxMultiplier <= 100");
        if (!(campaign.AccountConstant > 0) || !(campaign.AccountConstant <= 100)) Fail("accountConstant", "must lie in (0, 100]");
        CheckSchedule(campaign.Schedule, Fail);
        return errors;
    }

    private static void CheckTarget(Campaign campaign, Action<string, string> fail)
    {
        if (campaign.Objective == Objective.MaxConversions)
        {
            if (campaign.Target is not null) fail("target", "MaxConversions takes no target");
        }
        else if (campaign.Target is not { } target)
        {
            fail("target", $"{campaign.Objective} needs a target");
        }
        else if (target <= 0 || target > 1_000_000_000m || decimal.Round(target, 6) != target)
        {
            fail("target", "must be above 0, at most 1,000,000,000, with at most 6 decimals");
        }

        if (campaign.Reference is { } reference && (reference <= 0 || reference > 1_000_000_000m || decimal.Round(reference, 6) != reference))
            fail("reference", "must be above 0, at most 1,000,000,000, with at most 6 decimals");
    }

    private static void CheckSchedule(Schedule schedule, Action<string, string> fail)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(schedule.TimeZone, out _)) fail("schedule.timeZone", "is not a known IANA time zone");
        if (schedule.FlightStart >= schedule.FlightEnd) fail("schedule.flightEnd", "must lie after flightStart");
        if (schedule.Hours.Any(hour => hour is < 0 or > 23)) fail("schedule.hours", "must lie in 0..23");
    }

    private static bool IsIdentifier(string text)
        => text.Length is >= 1 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or ':' or '-');
}
