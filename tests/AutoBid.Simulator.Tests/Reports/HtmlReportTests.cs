using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Reports;
using AutoBid.Simulator.Tests.Evaluation;

namespace AutoBid.Simulator.Tests.Reports;

public sealed class HtmlReportTests
{
    private const string Hostile = "<b>&\"'\u0001";

    [Fact]
    public void The_page_is_well_formed_and_refers_to_nothing_outside()
    {
        EvaluationPlan plan = SmallEvaluation.Plan((Hostile, new PidPolicy()), ("fair|square", new ConstantPolicy())) with
        {
            Periods = 2,
            SeatsTogether = 48,
            Modes = [PacingMode.SpendFirst, PacingMode.TargetFirst],
            Paths = [EvaluationPath.Frozen, EvaluationPath.Full],
        };
        EvaluationReport report = SmallEvaluation.Report(plan);
        string html = HtmlReport.Write(report);
        XDocument page = Parse(html);
        Assert.DoesNotContain("<b>", html, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("https?:|//|url\\(|@import|<script|<link|<img|<iframe|\\bon[a-z]+=", RegexOptions.IgnoreCase), html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
        Assert.Equal(4, page.Descendants("article").Count());
        Assert.Equal(4, page.Descendants("table").Count());
        // Per view: two of scores, differences and gaps per budget, spend and CPA per budget, multipliers per policy, two responses.
        Assert.Equal(4 * (2 + 2 + 2 + 2 + 2 + 2 + 2), page.Descendants("svg").Count());
        Assert.All(page.Descendants("svg"), svg => Assert.DoesNotContain("NaN", svg.ToString(), StringComparison.Ordinal));
        Assert.Contains(page.Descendants("title"), title => title.Value.Contains("<b>&\"'\uFFFD", StringComparison.Ordinal));

        string markdown = MarkdownReport.Write(report);
        Assert.Contains("fair\\|square", markdown, StringComparison.Ordinal);
        foreach (IEnumerable<string> table in Tables(markdown)) Assert.Single(table.Select(line => Regex.Count(line, @"(?<!\\)\|")).Distinct());
        Assert.Equal(4 * (2 + 4), Tables(markdown).Sum(table => table.Count()));

        JsonElement json = JsonDocument.Parse(EvaluationFiles.Json(report)).RootElement;
        Assert.Equal(8, json.GetProperty("groups").GetArrayLength());
        Assert.Equal("SpendFirst", json.GetProperty("groups")[0].GetProperty("mode").GetString());
        Assert.Equal(report.Plan.Identity, json.GetProperty("plan").GetProperty("identity").GetString());
    }

    [Fact]
    public void One_policy_on_one_period_has_a_page_too()
    {
        EvaluationPlan plan = SmallEvaluation.Plan(("fair", new ConstantPolicy())) with { Periods = 1, BudgetFactors = [1] };
        XDocument page = Parse(HtmlReport.Write(SmallEvaluation.Report(plan)));
        Assert.Empty(page.Descendants("nav"));
        Assert.Equal(2 + 1 + 1 + 2 + 1, page.Descendants("svg").Count());
    }

    [Fact]
    public void Many_policies_get_their_own_look()
    {
        EvaluationPlan plan = SmallEvaluation.Plan([.. Enumerable.Range(0, 10).Select(i => ($"p{i}", (AutoBid.Policies.Contracts.IBidPolicy)new ConstantPolicy(0.5 + 0.1 * i)))]) with { Periods = 1, BudgetFactors = [1] };
        XDocument page = Parse(HtmlReport.Write(SmallEvaluation.Report(plan)));
        string[] looks = [.. page.Descendants("ul").First().Descendants("i").Select(chip => (string)chip.Attribute("class")!)];
        Assert.Equal(10, looks.Distinct().Count());
    }

    private static XDocument Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Parse, XmlResolver = null });
        return XDocument.Load(reader);
    }

    private static IEnumerable<IEnumerable<string>> Tables(string markdown)
        => markdown.Split("### ").Skip(1).Select(section => section.Split('\n').Where(line => line.StartsWith('|')));
}
