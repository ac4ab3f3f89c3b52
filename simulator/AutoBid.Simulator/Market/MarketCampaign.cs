using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Market;

/// <summary>One of our campaigns in the <c>market</c> preset, as plain data.</summary>
/// <param name="Id">Campaign id as the service will know it.</param>
/// <param name="DailyBudget">Account currency.</param>
/// <param name="Target">CPA (TargetCpa), revenue / spend (TargetRoas), null (MaxConversions).</param>
/// <param name="Reference">MaxConversions: market CPA to start from; null otherwise.</param>
/// <param name="ValueScale">Factor on the market's mean P(conversion).</param>
/// <param name="RevenuePerConversion">Mean revenue of a conversion, account currency; used by TargetRoas, whose predicted value is expected revenue.</param>
public sealed record MarketCampaign(
    string Id,
    Objective Objective,
    decimal DailyBudget,
    decimal? Target,
    decimal? Reference,
    double ValueScale,
    double RevenuePerConversion)
{
    /// <summary>Account currency per unit of value: the truthful bid is this times the predicted value.</summary>
    public double ReferencePrice => Objective switch
    {
        Objective.TargetCpa => (double)Target!.Value,
        Objective.TargetRoas => 1 / (double)Target!.Value,
        _ => (double)Reference!.Value,
    };
}
