using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>What of a report belongs to one mode and path, with the policies' colours.</summary>
internal sealed class ReportView
{
    /// <summary>Colours that most colour-blind readers tell apart; further policies take them again, dashed.</summary>
    public const int Colours = 8;

    private readonly Dictionary<string, string> _styles = [];

    public ReportView(EvaluationReport report, PacingMode mode, EvaluationPath path)
    {
        Mode = mode;
        Path = path;
        Policies = [.. report.Plan.Policies.Select(p => p.Name)];
        Groups = [.. report.Groups.Where(g => g.Mode == mode && g.Path == path).OrderBy(g => g.BudgetFactor)];
        Days = [.. report.Days.Where(d => d.Mode == mode && d.Path == path)];
        Responses = [.. report.Responses.Where(r => r.Mode == mode).OrderBy(r => r.BudgetFactor)];
        ResponseMultipliers = report.ResponseMultipliers;
        Gaps = [.. report.Gaps.Where(g => g.Mode == mode)];
        Volume = report.Volume;
        for (int i = 0; i < Policies.Count; i++) _styles[Policies[i]] = $"c{i % Colours}" + (i >= Colours ? " dashed" : "");
    }

    public PacingMode Mode { get; }

    public EvaluationPath Path { get; }

    public string Title => ReportText.View(Mode, Path);

    /// <summary>The title where there is little room.</summary>
    public string ShortTitle => $"{Mode} · {(Path == EvaluationPath.Frozen ? "frozen" : "reacting")}";

    public IReadOnlyList<string> Policies { get; }

    public IReadOnlyList<ScoreGroup> Groups { get; }

    public IReadOnlyList<PolicyDay> Days { get; }

    public IReadOnlyList<MeanResponse> Responses { get; }

    public IReadOnlyList<double> ResponseMultipliers { get; }

    public IReadOnlyList<ReactionGap> Gaps { get; }

    public IReadOnlyList<double> Volume { get; }

    /// <summary>The table nearest to the full budget: the one to name where there is room for one.</summary>
    public ScoreGroup Central => Groups.MinBy(g => Math.Abs(Math.Log(g.BudgetFactor)))!;

    public string StyleOf(string policy) => _styles[policy];

    public PolicyDay DayOf(string policy, double budget) => Days.First(d => d.Policy == policy && d.BudgetFactor == budget);
}
