using AutoBid.Core.Campaigns;

namespace AutoBid.Core.Response;

/// <summary>
/// The score of a day: value x min(1, 1 / ratio^p), ratio = spend / (value x reference). p = 2 is the score of SpendFirst; a steeper one leaves next to nothing
/// to a day that misses its target, which is TargetFirst's promise; without a target it is the value.
/// </summary>
public readonly record struct ScoreRule
{
    private readonly int _squarings;

    private ScoreRule(int squarings) => _squarings = squarings;

    /// <summary>No target: value counts.</summary>
    public static ScoreRule Value => default;

    /// <summary>p = 2.</summary>
    public static ScoreRule Score { get; } = new(1);

    /// <summary>p = 16.</summary>
    public static ScoreRule Steep { get; } = new(4);

    public static ScoreRule Of(bool hasTarget, PacingMode mode) => !hasTarget ? Value : mode == PacingMode.TargetFirst ? Steep : Score;

    /// <summary>Of a day that so far has spent and won this, and would go on to cost and bring that: past the budget both are cut in proportion, the day ends when the money does.</summary>
    internal double Of(double spentSoFar, double valueSoFar, double left, double cost, double value)
    {
        // What is not a number would read as free of cost.
        if (double.IsNaN(cost + value)) return double.NegativeInfinity;
        double share = cost > left ? left / cost : 1;
        double total = valueSoFar + share * value;
        double spent = spentSoFar + share * cost;
        if (_squarings == 0 || !(spent > total)) return total;
        double factor = total / spent;
        for (int i = 1; i < _squarings; i++) factor *= factor;
        return total * factor * factor;
    }
}
