using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Market;

/// <summary>Ready-made campaign sets for the <c>market</c> preset.</summary>
public static class MarketCampaigns
{
    /// <summary>
    /// The demo's eight: all three objectives, references of 4 to 7 per expected conversion, and budgets from a third of what truthful bidding would
    /// spend to three times as much.
    /// </summary>
    public static MarketCampaign[] Default8() =>
    [
        new("cpa-shoes", Objective.TargetCpa, 150m, 5m, null, 1.0, 0),
        new("cpa-travel", Objective.TargetCpa, 700m, 7m, null, 0.8, 0),
        new("cpa-games", Objective.TargetCpa, 240m, 4m, null, 1.3, 0),
        new("roas-fashion", Objective.TargetRoas, 320m, 4m, null, 1.0, 20),
        new("roas-grocery", Objective.TargetRoas, 1200m, 3m, null, 1.1, 15),
        new("roas-books", Objective.TargetRoas, 180m, 2.5m, null, 1.2, 12),
        new("max-app", Objective.MaxConversions, 400m, null, 5m, 1.0, 0),
        new("max-leads", Objective.MaxConversions, 160m, null, 6m, 0.9, 0),
    ];
}
