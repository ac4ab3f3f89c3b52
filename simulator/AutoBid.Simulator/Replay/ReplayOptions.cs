using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;

namespace AutoBid.Simulator.Replay;

/// <summary>What is replayed over a log: every policy with every budget factor, in one pass.</summary>
public sealed record ReplayOptions
{
    public required IReadOnlyList<IBidPolicy> Policies { get; init; }

    /// <summary>Factors on every key's own budget.</summary>
    public IReadOnlyList<double> BudgetFactors { get; init; } = [1];

    public PacingMode Mode { get; init; } = PacingMode.SpendFirst;

    public PopulationPrior? Prior { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>The guard behind every policy; null: none.</summary>
    public GuardOptions? Guard { get; init; } = new();

    /// <summary>With less left, nothing is bid, account currency.</summary>
    public double SmallestBudget { get; init; } = 0.1;

    /// <summary>Whether policies are told volume and mean value of the coming step, as the benchmark's agents are.</summary>
    public bool KnowsStep { get; init; } = true;

    /// <summary>Threads that play the keys of a step; the result does not depend on their number.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Rows that may wait for other keys to reach their step, so that policies decide in large batches; the result does not depend on it.</summary>
    public int MostRowsWaiting { get; init; } = 4_000_000;

    /// <summary>Throws when an option cannot be used.</summary>
    public void Check()
    {
        if (Policies.Count == 0) throw new ArgumentException("At least one policy is needed.");
        if (Policies.DistinctBy(policy => policy.Name).Count() < Policies.Count) throw new ArgumentException("Policies are told apart by name.");
        if (BudgetFactors.Distinct().Count() < BudgetFactors.Count) throw new ArgumentException("A budget factor is given twice.");
        if (BudgetFactors.Count == 0) throw new ArgumentException("At least one budget factor is needed.");
        foreach (double factor in BudgetFactors)
        {
            if (!(factor > 0) || !double.IsFinite(factor)) throw new ArgumentException("Budget factors must be above 0.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(Threads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MostRowsWaiting);
        if (!(SmallestBudget >= 0)) throw new ArgumentException("The smallest budget must be at least 0.");
    }
}
