using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;

namespace AutoBid.Core.Tests.Campaigns;

public sealed class CampaignRulesTests
{
    [Fact]
    public void A_valid_campaign_breaks_no_rule() => Assert.Empty(CampaignRules.Check(Make.Valid()));

    public static TheoryData<string, Func<Campaign, Campaign>> Broken => new()
    {
        { "id", c => c with { Id = "" } },
        { "id", c => c with { Id = new string('a', 65) } },
        { "id", c => c with { Id = "a b" } },
        { "id", c => c with { Id = "ä" } },
        { "tenant", c => c with { TenantId = "x/y" } },
        { "dailyBudget", c => c with { DailyBudgetNanos = 0 } },
        { "dailyBudget", c => c with { DailyBudgetNanos = Nanos.PerUnit / 1000 - 1 } },
        { "dailyBudget", c => c with { DailyBudgetNanos = Nanos.Max + 1 } },
        { "flightBudget", c => c with { FlightBudgetNanos = -1 } },
        { "accountBudget", c => c with { Account = "a", AccountBudgetNanos = 0 } },
        { "account", c => c with { AccountBudgetNanos = Nanos.PerUnit } },
        { "target", c => c with { Target = null } },
        { "target", c => c with { Target = 0 } },
        { "target", c => c with { Target = -3 } },
        { "target", c => c with { Target = 1.0000001m } },
        { "target", c => c with { Target = 1_000_000_001m } },
        { "target", c => c with { Objective = Objective.MaxConversions } },
        { "target", c => c with { Objective = Objective.TargetRoas, Target = null } },
        { "reference", c => c with { Objective = Objective.MaxConversions, Target = null, Reference = 0 } },
        { "currency", c => c with { Currency = "usd" } },
        { "currency", c => c with { Currency = "US" } },
        { "bidFloorCpm", c => c with { BidFloorNanos = -1 } },
        { "bidCapCpm", c => c with { BidCapNanos = -1 } },
        { "bidCapCpm", c => c with { BidFloorNanos = 10, BidCapNanos = 9 } },
        { "minMultiplier", c => c with { MinMultiplier = 0 } },
        { "minMultiplier", c => c with { MinMultiplier = double.NaN } },
        { "minMultiplier", c => c with { MaxMultiplier = double.NaN } },
        { "minMultiplier", c => c with { MinMultiplier = 2, MaxMultiplier = 1 } },
        { "minMultiplier", c => c with { MaxMultiplier = 101 } },
        { "accountConstant", c => c with { AccountConstant = 0 } },
        { "accountConstant", c => c with { AccountConstant = double.PositiveInfinity } },
        { "schedule.timeZone", c => c with { Schedule = new Schedule { TimeZone = "Mars/Olympus" } } },
        { "schedule.timeZone", c => c with { Schedule = new Schedule { TimeZone = "" } } },
        { "schedule.timeZone", c => c with { Schedule = new Schedule { TimeZone = "../../etc/passwd" } } },
        { "schedule.flightEnd", c => c with { Schedule = new Schedule { FlightStart = new DateTime(2025, 1, 2), FlightEnd = new DateTime(2025, 1, 2) } } },
        { "schedule.hours", c => c with { Schedule = new Schedule { Hours = [3, 24] } } },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void Each_rule_names_its_field(string field, Func<Campaign, Campaign> breakIt)
        => Assert.Equal([field], CampaignRules.Check(breakIt(Make.Valid())).Select(error => error.Key));

    [Fact]
    public void Every_broken_rule_is_listed()
        => Assert.Equal(
            ["currency", "id", "target"],
            CampaignRules.Check(Make.Valid() with { Id = "", Currency = "", Target = null }).Select(error => error.Key).Order());

    [Theory]
    [InlineData(Objective.TargetCpa, 20, null, 20)]
    [InlineData(Objective.TargetRoas, 4, null, 0.25)]
    [InlineData(Objective.MaxConversions, null, 30, 30)]
    [InlineData(Objective.MaxConversions, null, null, 55)]
    public void The_reference_price_follows_the_objective(Objective objective, int? target, int? reference, double expected)
    {
        Campaign campaign = Make.Valid() with { Objective = objective, Target = target, Reference = reference };
        Assert.Equal(expected, campaign.ReferencePrice(marketCpa: 55), 12);
    }
}
