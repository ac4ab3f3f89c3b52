namespace AutoBid.Benchmarks.Policies;

/// <summary>Times of many calls with one batch, milliseconds.</summary>
/// <param name="Model">Name and version.</param>
/// <param name="Batch">Campaigns in a call.</param>
/// <param name="Deterministic">Without deadline, as simulations and replays call; else as a live service does.</param>
/// <param name="Seen">Whether the campaigns were decided a step before; null: a policy that keeps nothing.</param>
/// <param name="Calls">Whole calls, ascending.</param>
/// <param name="Inference">The share of each call that the graph took, ascending; null: no graph.</param>
/// <param name="Rest">What is left of each call: features, forecasts, copies; ascending.</param>
/// <param name="BytesPerCall">Allocated on the managed heap.</param>
internal sealed record PolicyTiming(string Model, int Batch, bool Deterministic, bool? Seen, double[] Calls, double[]? Inference, double[] Rest, double BytesPerCall)
{
    /// <summary>The value that a share of an ascending list does not exceed.</summary>
    public static double Quantile(double[] ascending, double share) => ascending[Math.Clamp((int)Math.Ceiling(share * ascending.Length) - 1, 0, ascending.Length - 1)];
}
