using System.Text;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>The tables of one mode and path as one HTML table, a block per budget.</summary>
internal static class ResultTable
{
    private static readonly (string Head, string Title)[] Columns =
    [
        ("policy", ""),
        ("% of S*", "Sum of expected scores / sum of S*, the best constant multiplier in hindsight against frozen rivals"),
        ("95 %", "Bootstrap interval clustered by period"),
        ("difference", "Points of S* against the table's baseline, on the same keys"),
        ("95 %", "Bootstrap interval of the paired difference, clustered by period"),
        ("Holm p", "Two-sided p-value of no difference, adjusted over the policies of the block"),
        ("score", "Mean score a key on expected conversions"),
        ("realised", "Mean score a key on drawn conversions"),
        ("conv.", "Mean drawn conversions a key"),
        ("cost", "Mean cost a key, account currency"),
        ("spent %", "Sum of cost / sum of budgets"),
        ("CPA kept %", "Keys that kept their target on expected conversions"),
        ("drawn %", "Keys that kept their target on drawn conversions"),
        ("gap", "Reaction gap: points of S* when rivals react minus against frozen rivals"),
    ];

    public static string Of(ReportView view)
    {
        bool gaps = view.Gaps.Count > 0;
        int columns = Columns.Length - (gaps ? 0 : 1);
        var html = new StringBuilder("<div class=\"scroll\"><table><thead><tr>");
        foreach ((string head, string title) in Columns.Take(columns)) html.Append($"<th scope=\"col\" title=\"{Svg.Escape(title)}\">{Svg.Escape(head)}</th>");
        html.Append("</tr></thead>");
        foreach (ScoreGroup group in view.Groups)
        {
            double? best = group.Rows.Max(row => row.Share);
            html.Append($"<tbody><tr class=\"block\"><th scope=\"colgroup\" colspan=\"{columns}\">{ReportText.Budget(group.BudgetFactor)} budget"
                + $"<span>{ReportText.Count(group.Rows[0].Keys)} keys · S* {ReportText.Decimals(group.Rows[0].Oracle)} a key</span></th></tr>");
            foreach (ScoreRow row in group.Rows)
            {
                html.Append($"<tr{(row.Share == best ? " class=\"best\"" : "")}><th scope=\"row\"><i class=\"chip {view.StyleOf(row.Policy)}\"></i>{Svg.Escape(row.Policy)}</th>");
                foreach (string cell in Cells(view, group, row).Take(columns - 1)) html.Append($"<td>{Svg.Escape(cell)}</td>");
                html.Append("</tr>");
            }

            html.Append("</tbody>");
        }

        return html.Append("</table></div>").ToString();
    }

    private static IEnumerable<string> Cells(ReportView view, ScoreGroup group, ScoreRow row) =>
    [
        ReportText.Percent(row.Share),
        ReportText.Percent(row.ShareInterval),
        row.Policy == group.Baseline ? "baseline" : ReportText.Points(row.Difference?.Difference),
        ReportText.Points(row.Difference?.Interval),
        ReportText.PValue(row.Difference?.HolmPValue),
        ReportText.Decimals(row.Expected),
        ReportText.Decimals(row.Realised),
        ReportText.Decimals(row.Conversions),
        ReportText.Decimals(row.Cost, 0),
        ReportText.Percent(row.SpentShare),
        ReportText.Percent(row.ValidExpected),
        ReportText.Percent(row.ValidRealised),
        ReportText.Points(view.Gaps.FirstOrDefault(g => g.Policy == row.Policy && g.BudgetFactor == group.BudgetFactor)?.Gap.Difference),
    ];
}
