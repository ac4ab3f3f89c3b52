using AutoBid.Core.Campaigns;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>What decided at one mode and budget factor, in points of S* x 100: a line of the log of attempts.</summary>
/// <param name="Frozen">Lower end of the 95 % interval, difference, upper end; rivals frozen.</param>
/// <param name="Full">Difference with rivals that react; null where they were not played.</param>
public sealed record GateResult(PacingMode Mode, double BudgetFactor, string Reference, IReadOnlyList<double?> Frozen, double? Full)
{
    internal static IReadOnlyList<GateResult> Of(GateFigures figures) =>
    [
        .. figures.Of(EvaluationPath.Frozen, known: true).Select(frozen => new GateResult(
            frozen.Mode,
            frozen.BudgetFactor,
            frozen.Reference,
            [Points(frozen.Low), Points(frozen.Difference), Points(frozen.High)],
            Points(figures.Of(EvaluationPath.Full, known: true).FirstOrDefault(full => full.Mode == frozen.Mode && full.BudgetFactor == frozen.BudgetFactor)?.Difference))),
    ];

    private static double? Points(double? share) => share is { } s ? Math.Round(100 * s, 2) : null;
}
