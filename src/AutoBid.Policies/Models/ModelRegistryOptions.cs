using AutoBid.Policies.Inference;

namespace AutoBid.Policies.Models;

/// <summary>Settings of the model registry.</summary>
public sealed record ModelRegistryOptions
{
    /// <summary>Deadline of a decision whose caller names none, milliseconds.</summary>
    public const double DecisionDeadlineMs = 50;

    /// <summary>Share of a control tick that all its decisions may take: what the engine gives them, and what a model must fit into.</summary>
    public const double ShareOfTick = 0.05;

    /// <summary>256 MiB: about 76,000 campaigns of a model with a window of 12.</summary>
    public const long DefaultFeatureCacheBytes = 256L << 20;

    /// <summary>cpu or cuda.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>With device cuda, the GPUs to use, by ordinal, each a logical device of its own; a GPU named twice is two.</summary>
    public IReadOnlyList<int> Accelerators { get; init; } = [0];

    /// <summary>Slots of a model on each logical device; with two, the copies of one overlap the runs of the other.</summary>
    public int SlotsPerDevice { get; init; } = 2;

    /// <summary>Slots of a model on the CPU: as many runs beside each other. A service needs its other cores for bids; whoever plays days on many threads does not.</summary>
    public int CpuSlots { get; init; } = 1;

    /// <summary>How requests are batched.</summary>
    public BatcherOptions Batcher { get; init; } = new();

    /// <summary>
    /// Most that the finished feature rows of a model's campaigns may take, bytes; taken as campaigns come. Less than its campaigns need (about 3.5 KB each)
    /// is worth nothing to a control tick, which asks for all of them in turn. 0: every row is made at every decision.
    /// </summary>
    public long FeatureCacheBytes { get; init; } = DefaultFeatureCacheBytes;

    /// <summary>A model whose card states a larger p99 of one decision on this device is refused; milliseconds.</summary>
    public double DeadlineMs { get; init; } = DecisionDeadlineMs;

    /// <summary>The tighter of the deadlines that a service with this control tick has: a model serves its calls and its ticks, or does not serve.</summary>
    public static double DeadlineOf(TimeSpan tick) => Math.Min(DecisionDeadlineMs, ShareOfTick * tick.TotalMilliseconds);
}
