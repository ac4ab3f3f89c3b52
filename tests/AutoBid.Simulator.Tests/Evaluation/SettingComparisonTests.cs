using System.Text.Json;
using System.Text.RegularExpressions;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Reports;
using AutoBid.Simulator.Shifts;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class SettingComparisonTests
{
    private static readonly EvaluationSetting Clean = new(EvaluationSetting.NoShift, "none", Knowledge.All);

    [Fact]
    public void Losses_are_from_the_market_without_the_shift_each_share_against_its_own_S_star()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 2, Modes = [PacingMode.SpendFirst, PacingMode.TargetFirst] };
        SettingResult[] results = [.. ((string[])["none", "tighter-targets", "regime-4"]).Select(shift => Played(plan, Clean with { Shift = shift }))];
        SettingComparison comparison = SettingComparison.Of(results, resamples: 500);
        Assert.Equal(SettingAxis.Shift, comparison.Axis);
        Assert.Equal(4 * 3, comparison.Rows.Count);
        foreach (IGrouping<(PacingMode, double), SettingRow> block in comparison.Rows.GroupBy(row => (row.Mode, row.BudgetFactor)))
        {
            SettingRow clean = block.First();
            Assert.Equal(["none", "tighter-targets", "regime-4"], block.Select(row => row.Setting.Shift));
            Assert.All(clean.Cells, cell => Assert.Null(cell.Loss));
            foreach (SettingRow row in block.Skip(1))
            {
                Assert.All(row.Cells.Zip(clean.Cells), pair => Assert.Equal(pair.Second.Share!.Value - pair.First.Share!.Value, pair.First.Loss!.Difference!.Value, 1e-12));
                Assert.All(row.Cells, cell => Assert.InRange(cell.Loss!.Difference!.Value, cell.Loss.Interval!.Value.Low, cell.Loss.Interval.Value.High));
                Assert.Contains(row.Cells, cell => cell.Loss!.Difference != 0);
            }
        }

        string markdown = new SettingTable(comparison).Markdown();
        string[] lines = [.. markdown.Split('\n').Where(line => line.StartsWith('|'))];
        Assert.Equal(2 * (2 + 6), lines.Length);
        Assert.Single(lines.Select(line => Regex.Count(line, @"\|")).Distinct());
        Assert.Contains("| budget | shift | constant % of S* | loss | difference | pid % of S* | loss | difference |", markdown, StringComparison.Ordinal);
        Assert.Contains("tighter-targets.none.all-known `", markdown, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_that_changes_nothing_loses_nothing()
    {
        // Neither policy looks at the regime's length or has a prior to read it from.
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 2 };
        SettingComparison comparison = SettingComparison.Of([Played(plan, Clean), Played(plan, Clean with { Knowledge = new Knowledge(Regime: false) })], resamples: 500);
        Assert.Equal(SettingAxis.Knowledge, comparison.Axis);
        Assert.All(comparison.Rows.Where(row => row.Setting != Clean).SelectMany(row => row.Cells), cell => Assert.Equal(0, cell.Loss!.Difference!.Value, 1e-15));
        Assert.Contains("| regime unknown |", new SettingTable(comparison).Markdown(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_files_are_named_for_what_differs_and_hold_the_figures()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 1 };
        SettingComparison comparison = SettingComparison.Of([Played(plan, Clean), Played(plan with { PriorOfDayBefore = true }, Clean with { Prior = "day-before" })], resamples: 500);
        using var folder = new TemporaryFolder();
        Assert.Equal(Path.Combine(folder.Path, "priors.md"), EvaluationFiles.Write(folder.Path, comparison));
        Assert.Contains("with the prior none", File.ReadAllText(Path.Combine(folder.Path, "priors.md")), StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.Path, "priors.json"))).RootElement;
        Assert.Equal("Prior", json.GetProperty("axis").GetString());
        Assert.Equal("day-before", json.GetProperty("rows")[1].GetProperty("setting").GetProperty("prior").GetString());
        Assert.Equal("day before", json.GetProperty("plans")[1].GetProperty("prior").GetString());
    }

    [Fact]
    public void Folders_tell_settings_apart()
    {
        string[] shifts = [.. Shift.Names], priors = ["shipped", "day-before"];
        EvaluationSetting[] all =
        [
            .. from shift in shifts from prior in priors from bits in Enumerable.Range(0, 8) select new EvaluationSetting(shift, prior, new Knowledge((bits & 1) == 0, (bits & 2) == 0, (bits & 4) == 0)),
        ];
        Assert.Equal(all.Length, all.Select(setting => setting.Folder).Distinct().Count());
        Assert.Equal("clean.shipped.all-known", all[0].Folder);
        Assert.Equal("all unknown", all[7].Known);
    }

    [Fact]
    public void Only_settings_may_differ()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 1, BudgetFactors = [1] };
        SettingResult clean = Played(plan, Clean);
        Assert.Throws<ArgumentException>(() => SettingComparison.Of([clean]));
        Assert.Throws<ArgumentException>(() => SettingComparison.Of([clean, Played(plan, Clean)]));
        Assert.Throws<ArgumentException>(() => SettingComparison.Of([clean, Played(plan with { Seed = 2 }, Clean with { Shift = "regime-4" })]));
    }

    private static SettingResult Played(EvaluationPlan plan, EvaluationSetting setting)
    {
        using var folder = new TemporaryFolder();
        Shift shift = Shift.Find(setting.Shift)!;
        EvaluationMarket market = SmallEvaluation.Market(plan with { Shift = setting.Shift, Knowledge = setting.Knowledge }, setup => shift.Apply(setup));
        var outcomes = SmallEvaluation.Play(market, folder.Path);
        return new SettingResult(setting, EvaluationAnalysis.Of(market, outcomes, resamples: 500), outcomes);
    }
}
