using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Frozen;

namespace AutoBid.Simulator.Evaluation;

/// <summary>All results of one period on one path: a file of an evaluation's folder.</summary>
public sealed record PeriodOutcome
{
    private const int ResponseStride = 2;

    /// <summary>Multipliers of the mean response curves, ascending: every second point of the frozen-rival curves.</summary>
    public static IReadOnlyList<double> ResponseMultipliers { get; } =
        [.. Enumerable.Range(0, (FrozenDay.Points - 1) / ResponseStride + 1).Select(i => (double)FrozenDay.Multipliers[ResponseStride * i])];

    /// <summary>Identity of the evaluation that it belongs to.</summary>
    public required string Plan { get; init; }

    public required int Period { get; init; }

    public required string LineUp { get; init; }

    public required EvaluationPath Path { get; init; }

    /// <summary>Opportunities by step.</summary>
    public required int[] Opportunities { get; init; }

    /// <summary>One per mode and budget factor.</summary>
    public required IReadOnlyList<OracleOutcome> Oracles { get; init; }

    /// <summary>One per mode, budget factor and policy.</summary>
    public required IReadOnlyList<PolicyOutcome> Policies { get; init; }

    public OracleOutcome OracleOf(PacingMode mode, double budgetFactor) => Oracles.First(o => o.Mode == mode && o.BudgetFactor == budgetFactor);

    public PolicyOutcome OutcomeOf(string policy, PacingMode mode, double budgetFactor)
        => Policies.First(p => p.Policy == policy && p.Mode == mode && p.BudgetFactor == budgetFactor);

    /// <summary>The same results, a row per key.</summary>
    public IEnumerable<KeyRow> Keys()
    {
        foreach (PolicyOutcome o in Policies)
        {
            OracleOutcome oracle = OracleOf(o.Mode, o.BudgetFactor);
            for (int seat = 0; seat < o.Cost.Length; seat++)
            {
                yield return new KeyRow(
                    LineUp, Period, seat, o.Policy, o.BudgetFactor, o.Mode, Path, o.Cost[seat], o.Value[seat], o.Conversions[seat], o.Expected[seat], o.Realised[seat],
                    oracle.Score[seat], oracle.Multiplier[seat], oracle.Budget[seat], oracle.Target[seat]);
            }
        }
    }
}
