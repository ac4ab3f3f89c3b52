using System.Text;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>The tables of one mode and path as one HTML table, a block per budget.</summary>
internal static class ResultTable
{
    public static string Of(EvaluationReport report, ReportView view)
    {
        IReadOnlyList<ResultColumn> columns = ResultColumn.Of(report, view.Mode);
        var html = new StringBuilder("<div class=\"scroll\"><table><thead><tr><th scope=\"col\">policy</th>");
        foreach (ResultColumn column in columns) html.Append($"<th scope=\"col\" title=\"{Svg.Escape(column.Title)}\">{Svg.Escape(column.Head)}</th>");
        html.Append("</tr></thead>");
        foreach (ScoreGroup group in view.Groups)
        {
            double? best = group.Rows.Max(row => row.Share);
            html.Append($"<tbody><tr class=\"block\"><th scope=\"colgroup\" colspan=\"{columns.Count + 1}\">{ReportText.Budget(group.BudgetFactor)} budget"
                + $"<span>{ReportText.Count(group.Rows[0].Keys)} keys · S* {ReportText.Decimals(group.Rows[0].Oracle)} a key</span></th></tr>");
            foreach (ScoreRow row in group.Rows)
            {
                html.Append($"<tr{(row.Share == best ? " class=\"best\"" : "")}><th scope=\"row\"><i class=\"chip {view.StyleOf(row.Policy)}\"></i>{Svg.Escape(row.Policy)}</th>");
                foreach (ResultColumn column in columns) html.Append($"<td>{Svg.Escape(column.Cell(group, row))}</td>");
                html.Append("</tr>");
            }

            html.Append("</tbody>");
        }

        return html.Append("</table></div>").ToString();
    }
}
