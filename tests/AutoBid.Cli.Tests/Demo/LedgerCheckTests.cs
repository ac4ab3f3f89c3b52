using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Tests.Demo;

public sealed class LedgerCheckTests
{
    private static readonly MarketCampaign Campaign = MarketCampaigns.Default8()[0];

    private static TrajectoryAnswer Ledger => new()
    {
        Campaign = Campaign.Id,
        Day = 20260105,
        Budget = Campaign.DailyBudget,
        Spent = 100.5m,
        Adjustments = 0,
        Conversions = 3,
        ConversionValue = 1.5m,
        Steps = [new StepAnswer { Step = 0, Wins = 7 }, new StepAnswer { Step = 1, Wins = 2 }],
    };

    private static MarketTotals Exchange => new() { Wins = 9, CostNanos = 100_500_000_000, Conversions = 3, ConversionValueMicros = 1_500_000 };

    private static DecisionAnswer[] Decisions => [.. Enumerable.Range(0, 6).Select(tick => new DecisionAnswer { Day = 20260105, Tick = tick, Policy = "mpc" })];

    [Fact]
    public void AgreementIsSilent() => Assert.Empty(Check(Ledger, Exchange, Decisions));

    [Fact]
    public void SpendAboveTheBudgetIsFoundUnlessItIsAdjustments()
    {
        TrajectoryAnswer over = Ledger with { Spent = 151 };
        var exchange = new MarketTotals { Wins = 9, CostNanos = 151_000_000_000, Conversions = 3, ConversionValueMicros = 1_500_000 };
        Assert.Contains("exceeds the budget", Assert.Single(Check(over, exchange, Decisions)), StringComparison.Ordinal);
        Assert.Empty(Check(over with { Adjustments = 1 }, exchange, Decisions));
    }

    [Fact]
    public void EveryDifferenceIsNamed()
    {
        Assert.Contains("spend", Assert.Single(Check(Ledger with { Spent = 100.500000001m }, Exchange, Decisions)), StringComparison.Ordinal);
        Assert.Contains("conversions", Assert.Single(Check(Ledger with { Conversions = 4 }, Exchange, Decisions)), StringComparison.Ordinal);
        Assert.Contains("conversion value", Assert.Single(Check(Ledger with { ConversionValue = 0 }, Exchange, Decisions)), StringComparison.Ordinal);
        Assert.Contains("wins", Assert.Single(Check(Ledger with { Steps = [] }, Exchange, Decisions)), StringComparison.Ordinal);
        Assert.Contains("budget", Assert.Single(Check(Ledger with { Budget = 149 }, Exchange, Decisions)), StringComparison.Ordinal);
        Assert.Contains("day", Assert.Single(Check(Ledger with { Day = 20260106, Spent = 0 }, Exchange, Decisions)), StringComparison.Ordinal);
    }

    [Fact]
    public void ATickWithoutDecisionIsFound()
        => Assert.Contains("5 of 6", Assert.Single(Check(Ledger, Exchange, Decisions[1..])), StringComparison.Ordinal);

    private static string[] Check(TrajectoryAnswer ledger, MarketTotals exchange, DecisionAnswer[] decisions)
        => [.. LedgerCheck.Of(Campaign, ledger, decisions, exchange, 20260105, 6)];
}
