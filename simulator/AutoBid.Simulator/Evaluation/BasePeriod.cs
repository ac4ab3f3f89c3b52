using AutoBid.Core.Response;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation;

/// <summary>A day as its line-up plays it, before any candidate has taken over a seat.</summary>
/// <param name="Setup">Shifted, where the plan has a shift.</param>
/// <param name="Money">By seat, of a candidate at budget factor 1: the line-up's own budget and the target that holds in the setup.</param>
public sealed record BasePeriod(PeriodSetup Setup, IReadOnlyList<Seat> Money)
{
    /// <summary>What candidates are told of earlier days; null: nothing.</summary>
    public PopulationPrior? Prior { get; init; }

    /// <summary>Money of a candidate on a seat.</summary>
    public Seat MoneyOf(int seat, double budgetFactor) => Money[seat] with { Budget = Money[seat].Budget * budgetFactor };
}
