using AutoBid.Core.Response;
using AutoBid.Simulator.Curves;

namespace AutoBid.Simulator.Replay;

/// <summary>One advertiser in one period: the rows on their way, the state of its variants, and its oracles.</summary>
internal sealed class ReplayKey(int period, int advertiser, string name, double budget, double target)
{
    public int Period => period;

    public int Advertiser => advertiser;

    /// <summary>What the log calls the advertiser.</summary>
    public string Name => name;

    public string CampaignId { get; } = $"{period}-{name}";

    /// <summary>As logged, before any factor.</summary>
    public double Budget => budget;

    public double Target => target;

    /// <summary>The step whose rows are arriving; null before the first row and after the last.</summary>
    public StepRows? Open { get; set; }

    /// <summary>Steps whose rows are complete, in order, not played yet.</summary>
    public Queue<StepRows> Ready { get; } = new();

    /// <summary>No more rows may come.</summary>
    public bool IsClosed { get; set; }

    public required ReplayVariant[] Variants { get; init; }

    public required ConstantOracle Constants { get; init; }

    public LeastWinningCostKnapsack Knapsack { get; } = new(target);

    /// <summary>Response curve of the step being played, account currency.</summary>
    public StepCurve Response { get; } = new(ResponseGrid.Points);

    /// <summary>Sum of predicted value of the step being played.</summary>
    public double SumValue { get; set; }

    /// <summary>Sum of least winning costs of the step being played, account currency.</summary>
    public double SumPrice { get; set; }
}
