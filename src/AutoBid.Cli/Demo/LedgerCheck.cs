using System.Globalization;
using AutoBid.Cli.Exchange;
using AutoBid.Core.Money;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Demo;

/// <summary>What must hold after a day, whatever the policies did: one sentence for each thing that does not.</summary>
internal static class LedgerCheck
{
    /// <summary>Checks one campaign's ledger against its budget and against the exchange's own count.</summary>
    /// <param name="day">yyyymmdd that was played.</param>
    /// <param name="ticks">Control ticks of the day: as many decisions are due.</param>
    public static IEnumerable<string> Of(MarketCampaign campaign, TrajectoryAnswer ledger, IReadOnlyList<DecisionAnswer> decisions, MarketTotals exchange, int day, int ticks)
    {
        if (ledger.Day != day)
        {
            yield return $"{campaign.Id}: the ledger shows day {ledger.Day} instead of {day}";
            yield break;
        }

        if (ledger.Budget != campaign.DailyBudget) yield return Differs(campaign, "budget", ledger.Budget, campaign.DailyBudget);
        if (ledger.Spent - ledger.Adjustments > ledger.Budget)
            yield return Text($"{campaign.Id}: spend {ledger.Spent} minus adjustments {ledger.Adjustments} exceeds the budget {ledger.Budget}");
        if (ledger.Spent != Nanos.ToDecimal(exchange.CostNanos)) yield return Differs(campaign, "spend", ledger.Spent, Nanos.ToDecimal(exchange.CostNanos));
        if (ledger.Conversions != exchange.Conversions) yield return Differs(campaign, "conversions", ledger.Conversions, exchange.Conversions);
        if (ledger.ConversionValue != exchange.ConversionValueMicros / 1_000_000m)
            yield return Differs(campaign, "conversion value", ledger.ConversionValue, exchange.ConversionValueMicros / 1_000_000m);
        decimal wins = (decimal)ledger.Steps.Sum(step => step.Wins);
        if (wins != exchange.Wins) yield return Differs(campaign, "wins", wins, exchange.Wins);
        int decided = decisions.Where(d => d.Day == day).Select(d => d.Tick).Distinct().Count();
        if (decided != ticks) yield return Text($"{campaign.Id}: {decided} of {ticks} control ticks have a decision");
    }

    /// <summary>Failures that the exchange met on its way.</summary>
    public static IEnumerable<string> Of(MarketResult result, ExchangeTransport transport)
    {
        foreach ((string what, long count) in result.BidFailures) yield return Text($"{count} bid requests failed: {what}");
        foreach ((string what, long count) in transport.NoticeFailures) yield return Text($"{count} notices failed: {what}");
        foreach ((string what, long count) in result.EventFailures) yield return Text($"{count} conversions were refused: {what}");
    }

    private static string Differs(MarketCampaign campaign, string what, decimal ledger, decimal exchange)
        => Text($"{campaign.Id}: {what} {ledger} in the ledger, {exchange} at the exchange");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
