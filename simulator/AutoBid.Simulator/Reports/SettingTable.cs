using System.Globalization;
using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Evaluation.Statistics;

namespace AutoBid.Simulator.Reports;

/// <summary>Evaluations side by side as text: a row per budget and setting, three columns per policy, one table per mode and path.</summary>
public sealed class SettingTable
{
    private readonly SettingComparison _comparison;
    private readonly (string Head, Func<EvaluationSetting, string> Cell)[] _parts;

    public SettingTable(SettingComparison comparison)
    {
        _comparison = comparison;
        (string Head, Func<EvaluationSetting, string> Cell)[] parts =
        [
            ("shift", setting => setting.Shift),
            ("prior", setting => setting.Prior),
            ("candidates know", setting => setting.Known),
        ];
        _parts = [.. parts.Where(part => comparison.Rows.Select(row => part.Cell(row.Setting)).Distinct().Count() > 1)];
    }

    /// <summary>Name of the comparison's files, without ending.</summary>
    public static string FileName(SettingAxis axis) => axis switch
    {
        SettingAxis.Shift => "shifts",
        SettingAxis.Knowledge => "knowledge",
        _ => "priors",
    };

    /// <summary>What a loss is, a sentence.</summary>
    public string LossRule => _comparison.Axis switch
    {
        SettingAxis.Shift => "Loss: points of S* less than on the same seats and days without the shift, each against the S* of its own market.",
        SettingAxis.Knowledge => "Loss: points of S* less than on the same keys with all known.",
        _ => $"Loss: points of S* less than on the same keys with the prior {_comparison.Rows[0].Setting.Prior}.",
    };

    /// <summary>Heads of the columns; the first <see cref="Texts"/> are words, the others figures.</summary>
    public IReadOnlyList<string> Heads =>
        ["budget", .. _parts.Select(part => part.Head), .. _comparison.Rows[0].Cells.SelectMany(cell => (string[])[$"{cell.Policy} % of S*", "loss", "difference"])];

    public int Texts => 1 + _parts.Length;

    /// <summary>The tables' titles and rows, in the comparison's order.</summary>
    /// <param name="intervals">Whether figures carry their intervals; a terminal has no room for them.</param>
    public IEnumerable<(string Title, IReadOnlyList<IReadOnlyList<string>> Rows)> Tables(bool intervals)
        => _comparison.Rows.GroupBy(row => (row.Mode, row.Path))
            .Select(view => (ReportText.View(view.Key.Mode, view.Key.Path), (IReadOnlyList<IReadOnlyList<string>>)[.. view.Select(row => Cells(row, intervals))]));

    public string Markdown()
    {
        PlanSummary plan = _comparison.Plans[0];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Seed {plan.Seed}, periods {ReportText.Days(plan)} on {string.Join(", ", plan.LineUps)}, ")
            .Append(CultureInfo.InvariantCulture, $"{ReportText.Count(plan.OpportunitiesPerPeriod)} opportunities a period, {plan.Seats} seats, guard {(plan.Guard ? "on" : "off")}{Common()}. ")
            .Append(CultureInfo.InvariantCulture, $"{LossRule} {_comparison.BaselineRule} 95 % intervals in brackets: bootstrap clustered by period ")
            .Append(CultureInfo.InvariantCulture, $"({ReportText.Count(_comparison.Resamples)} resamples of {plan.Periods} periods).")
            .Append(ReportText.FewPeriods(plan) is { } few ? $" {few}\n" : "\n");
        foreach ((string title, IReadOnlyList<IReadOnlyList<string>> rows) in Tables(intervals: true))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {title}\n\n");
            MarkdownReport.Line(text, Heads);
            MarkdownReport.Line(text, Heads.Select((_, i) => i < Texts ? "---" : "---:"));
            foreach (IReadOnlyList<string> row in rows) MarkdownReport.Line(text, row);
        }

        IEnumerable<EvaluationSetting> settings = _comparison.Rows.Select(row => row.Setting).Distinct();
        text.Append("\nEvaluations: ").AppendJoin(", ", settings.Zip(_comparison.Plans, (setting, of) => $"{setting.Folder} `{of.Identity}`"));
        return text.Append(".\n").ToString();
    }

    // Settings that all rows share.
    private string Common()
    {
        EvaluationSetting setting = _comparison.Rows[0].Setting;
        string prior = _parts.Any(part => part.Head == "prior") ? "" : $", prior {_comparison.Plans[0].Prior ?? "none"}";
        string shift = _parts.Any(part => part.Head == "shift") || setting.Shift == EvaluationSetting.NoShift ? "" : $", shift {setting.Shift}";
        return prior + shift + (_parts.Any(part => part.Head == "candidates know") || setting.Knowledge == Knowledge.All ? "" : $", {setting.Known}");
    }

    private IReadOnlyList<string> Cells(SettingRow row, bool intervals) =>
    [
        ReportText.Budget(row.BudgetFactor),
        .. _parts.Select(part => part.Cell(row.Setting)),
        .. row.Cells.SelectMany(cell => (string[])
        [
            ReportText.Percent(cell.Share) + (intervals && cell.ShareInterval is { } share ? " " + ReportText.Percent(share) : ""),
            Points(cell.Loss, intervals),
            cell.Policy == row.Baseline ? "baseline" : Points(cell.Difference, intervals),
        ]),
    ];

    private static string Points(PairedDifference? difference, bool intervals)
        => ReportText.Points(difference?.Difference) + (intervals && difference?.Interval is { } interval ? " " + ReportText.Points(interval) : "");
}
