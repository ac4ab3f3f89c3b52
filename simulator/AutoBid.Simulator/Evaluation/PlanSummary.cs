namespace AutoBid.Simulator.Evaluation;

/// <summary>A plan in words and numbers, as it stands in files and reports.</summary>
/// <param name="Identity">SHA-256 of all that determines a period's results.</param>
/// <param name="Prior">Of candidates; null: none.</param>
/// <param name="PriorSha256">Null: no prior, or one that is made from the day before.</param>
/// <param name="Unknown">What candidates are not told.</param>
public sealed record PlanSummary(
    string Identity,
    ulong Seed,
    int FirstPeriod,
    int Periods,
    IReadOnlyList<string> LineUps,
    IReadOnlyList<PlanSummary.PolicyLine> Policies,
    IReadOnlyList<double> BudgetFactors,
    IReadOnlyList<string> Modes,
    IReadOnlyList<string> Paths,
    string Preset,
    int Seats,
    int SeatsTogether,
    int OpportunitiesPerPeriod,
    double MeanValue,
    bool Guard,
    string? Prior,
    string? PriorSha256,
    string? Shift,
    IReadOnlyList<string> Unknown)
{
    private const string DayBefore = "day before";

    public static PlanSummary Of(EvaluationPlan plan, string identity) => new(
        identity,
        plan.Seed,
        plan.FirstPeriod,
        plan.Periods,
        plan.LineUps,
        [.. plan.Policies.Select(p => new PolicyLine(p.Name, p.Policy.Model, p.Sha256))],
        plan.BudgetFactors,
        [.. plan.Modes.Select(m => m.ToString())],
        [.. plan.Paths.Select(p => p.ToString())],
        plan.Preset.Name,
        plan.Seats,
        plan.SeatsTogether,
        plan.Traffic.OpportunitiesPerPeriod,
        plan.Traffic.MeanValue,
        plan.Guard is not null,
        plan.PriorOfDayBefore ? DayBefore : plan.Prior is { } prior ? $"{prior.Name}/{prior.Version}" : null,
        plan.Prior?.Sha256,
        plan.Shift,
        plan.Knowledge.Unknown);

    /// <param name="Model">Name and version; the name alone for policies without a model file.</param>
    public sealed record PolicyLine(string Name, string Model, string? Sha256);
}
