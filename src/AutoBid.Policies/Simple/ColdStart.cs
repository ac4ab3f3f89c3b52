using AutoBid.Core.Campaigns;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Simple;

/// <summary>When a campaign without a population prior knows too little to be steered (design.md section 2), and what it bids until then.</summary>
public static class ColdStart
{
    private const int FewestSteps = 3;
    private const double FewestConversions = 5;

    /// <summary>True without a prior until 3 closed steps and 5 expected conversions.</summary>
    public static bool Applies(in PolicyInput input)
        => input.Prior is null && (input.Trajectory.Closed < FewestSteps || ExpectedConversions(input) < FewestConversions);

    /// <summary>The account's best constant inside the campaign's range.</summary>
    public static PolicyDecision Decide(in PolicyInput input)
        => new() { Multiplier = Constant(input), IsDecided = true, IsColdStart = true };

    /// <summary>Best constant multiplier of earlier days, 1 where none is known, inside the campaign's range.</summary>
    public static double Constant(in PolicyInput input)
        => Math.Clamp(input.AccountConstant > 0 ? input.AccountConstant : 1, input.MinMultiplier, input.MaxMultiplier);

    /// <summary>Revenue becomes a number of conversions through the mean revenue of those that arrived; before the first there is none.</summary>
    private static double ExpectedConversions(in PolicyInput input)
    {
        double value = 0, conversions = 0, revenue = 0;
        foreach (ref readonly StepRow row in input.Trajectory.Rows)
        {
            value += row.ValueWon;
            conversions += row.Conversions;
            revenue += row.ConversionValue;
        }

        if (input.Objective != Objective.TargetRoas) return value;
        return conversions > 0 && revenue > 0 ? value / (revenue / conversions) : 0;
    }
}
