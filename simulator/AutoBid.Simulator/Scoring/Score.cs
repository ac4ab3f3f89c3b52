namespace AutoBid.Simulator.Scoring;

/// <summary>The benchmark's score: conversions x min(1, (C / cpa)^2), cpa = cost / (conversions + 1e-10).</summary>
public static class Score
{
    /// <param name="conversions">Expected or realised.</param>
    /// <param name="cost">Account currency.</param>
    /// <param name="target">CPA, account currency.</param>
    public static double Of(double conversions, double cost, double target)
    {
        double cpa = cost / (conversions + 1e-10);
        double ratio = target / cpa;
        return cpa > target ? conversions * ratio * ratio : conversions;
    }

    /// <summary>Whether the CPA is at most the target, but for rounding; nothing spent keeps any target.</summary>
    /// <param name="conversions">Expected or realised.</param>
    /// <param name="cost">Account currency.</param>
    /// <param name="target">CPA, account currency.</param>
    public static bool KeepsTarget(double conversions, double cost, double target) => cost <= target * conversions * (1 + 1e-9);
}
