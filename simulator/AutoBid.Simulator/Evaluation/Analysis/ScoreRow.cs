using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>One policy in one table. All sums are over keys, shares are sums over sums.</summary>
public sealed record ScoreRow
{
    public required string Policy { get; init; }

    /// <summary>Seats x periods.</summary>
    public required int Keys { get; init; }

    /// <summary>Mean score a key on expected conversions.</summary>
    public required double Expected { get; init; }

    /// <summary>Mean score a key on drawn conversions.</summary>
    public required double Realised { get; init; }

    /// <summary>Mean S* a key.</summary>
    public required double Oracle { get; init; }

    /// <summary>Expected scores / S*; null where S* sums to nothing.</summary>
    public required double? Share { get; init; }

    /// <summary>95 %, clustered by period; null for a single period.</summary>
    public required Interval? ShareInterval { get; init; }

    /// <summary>
    /// Expected conversions / those of the best constant in hindsight. In TargetFirst that constant is held to the target, and a policy that misses its
    /// targets may buy more: read it beside <see cref="ValidExpected"/>.
    /// </summary>
    public required double? ValueShare { get; init; }

    /// <summary>95 %, clustered by period; null for a single period.</summary>
    public required Interval? ValueShareInterval { get; init; }

    /// <summary>Mean drawn conversions a key.</summary>
    public required double Conversions { get; init; }

    /// <summary>Mean cost a key, account currency.</summary>
    public required double Cost { get; init; }

    /// <summary>Cost / budgets.</summary>
    public required double SpentShare { get; init; }

    /// <summary>Cost / budgets on keys whose best constant in hindsight spends at least 98.5 % of the budget with CPA at most the target; null: none does.</summary>
    public required double? BudgetUse { get; init; }

    /// <summary>Number of those keys.</summary>
    public required int BudgetUseKeys { get; init; }

    /// <summary>Share of keys that kept their target on expected conversions.</summary>
    public required double ValidExpected { get; init; }

    /// <summary>Share of keys whose CPA on expected conversions is at most 1.1 times the target.</summary>
    public required double ValidTolerant { get; init; }

    /// <summary>Share of keys that kept their target on drawn conversions.</summary>
    public required double ValidRealised { get; init; }

    /// <summary>Of <see cref="Share"/>, against the table's baseline; null for the baseline itself and where there is none.</summary>
    public PairedDifference? Difference { get; init; }

    /// <summary>The same of <see cref="ValueShare"/>.</summary>
    public PairedDifference? ValueDifference { get; init; }

    /// <summary>Share of S* of every period, in order; null where S* is nothing.</summary>
    public required IReadOnlyList<double?> ShareByPeriod { get; init; }

    /// <summary>51 quantiles (0, 2, ... 100 %) of cost / (target x expected conversions) over keys that spent.</summary>
    public required IReadOnlyList<double> CpaRatios { get; init; }
}
