namespace AutoBid.Policies.Models;

/// <summary>Settings of the model registry.</summary>
public sealed record ModelRegistryOptions
{
    /// <summary>Deadline of a decision whose caller names none, milliseconds.</summary>
    public const double DecisionDeadlineMs = 50;

    /// <summary>Share of a control tick that all its decisions may take: what the engine gives them, and what a model must fit into.</summary>
    public const double ShareOfTick = 0.05;

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>A model whose card states a larger p99 of one decision on this device is refused; milliseconds.</summary>
    public double DeadlineMs { get; init; } = DecisionDeadlineMs;

    /// <summary>The tighter of the deadlines that a service with this control tick has: a model serves its calls and its ticks, or does not serve.</summary>
    public static double DeadlineOf(TimeSpan tick) => Math.Min(DecisionDeadlineMs, ShareOfTick * tick.TotalMilliseconds);
}
