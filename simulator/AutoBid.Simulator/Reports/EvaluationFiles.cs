using System.Text;
using System.Text.Json;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Settings;

namespace AutoBid.Simulator.Reports;

/// <summary>Writes an evaluation's results: <c>evaluation.json</c>, <c>table.md</c>, <c>report.html</c>, each whole or not at all.</summary>
public static class EvaluationFiles
{
    /// <returns>The report page's path.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static string Write(string folder, EvaluationReport report)
    {
        EvaluationFolder.Write(Path.Combine(folder, "evaluation.json"), Json(report));
        EvaluationFolder.Write(Path.Combine(folder, "table.md"), Encoding.UTF8.GetBytes(MarkdownReport.Write(report)));
        string page = Path.Combine(folder, "report.html");
        EvaluationFolder.Write(page, Encoding.UTF8.GetBytes(HtmlReport.Write(report)));
        return page;
    }

    /// <summary>
    /// Writes evaluations side by side beside their folders: <c>shifts</c>, <c>knowledge</c> or <c>priors</c>, after what differs, as .md and .json.
    /// </summary>
    /// <returns>The Markdown file's path.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static string Write(string folder, SettingComparison comparison)
    {
        string name = SettingTable.FileName(comparison.Axis);
        EvaluationFolder.Write(Path.Combine(folder, name + ".json"), JsonSerializer.SerializeToUtf8Bytes(comparison, EvaluationJson.Indented));
        string table = Path.Combine(folder, name + ".md");
        EvaluationFolder.Write(table, Encoding.UTF8.GetBytes(new SettingTable(comparison).Markdown()));
        return table;
    }

    /// <summary>The report as it stands in evaluation.json.</summary>
    public static byte[] Json(EvaluationReport report) => JsonSerializer.SerializeToUtf8Bytes(report, EvaluationJson.Indented);
}
