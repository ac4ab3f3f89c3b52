using AutoBid.Policies.Simple;
using AutoBid.Simulator.Evaluation;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class EvaluationFolderTests
{
    [Fact]
    public void Another_plan_is_refused_and_says_what_differs()
    {
        using var folder = new TemporaryFolder();
        EvaluationPlan plan = SmallEvaluation.TwoPolicies;
        EvaluationFolder.Open(folder.Path, SmallEvaluation.Market(plan));
        void Refused(EvaluationPlan other, string difference)
        {
            var error = Assert.Throws<EvaluationFolderException>(() => EvaluationFolder.Open(folder.Path, SmallEvaluation.Market(other)));
            Assert.Contains(difference, error.Message, StringComparison.Ordinal);
            Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
        }

        Refused(plan with { Seed = 9 }, "seed 1, not 9");
        Refused(plan with { BudgetFactors = [1] }, "budgets 0.5 1, not 1");
        Refused(plan with { Guard = null }, "guard on, not off");
        Refused(plan with { Knowledge = new Knowledge(Regime: false) }, "unknown nothing, not regime");
        Refused(plan with { Policies = [plan.Policies[0], plan.Policies[1] with { Sha256 = "ab" }] }, "models");
        Refused(plan with { Policies = [plan.Policies[0], new EvaluatedPolicy("pid", new ConstantPolicy(2, "bold"))] }, "other line-ups");

        // More days or the other path change no result that is there.
        EvaluationFolder.Open(folder.Path, SmallEvaluation.Market(plan with { Periods = 5, Paths = [EvaluationPath.Full] }));
        EvaluationFolder.Open(folder.Path, SmallEvaluation.Market(plan with { Seed = 9 }), fresh: true);
    }

    [Fact]
    public void A_fresh_start_removes_what_was_played()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies with { Periods = 1 });
        SmallEvaluation.Play(market, folder.Path);
        Assert.True(EvaluationFolder.Open(folder.Path, market).Has(0, EvaluationPath.Frozen));
        EvaluationFolder fresh = EvaluationFolder.Open(folder.Path, market, fresh: true);
        Assert.False(fresh.Has(0, EvaluationPath.Frozen));
        Assert.Null(fresh.Find(0, EvaluationPath.Frozen));
    }

    [Fact]
    public void Broken_and_foreign_files_are_named()
    {
        using var folder = new TemporaryFolder();
        EvaluationMarket market = SmallEvaluation.Market(SmallEvaluation.TwoPolicies with { Periods = 2 });
        SmallEvaluation.Play(market, folder.Path);
        string first = Path.Combine(folder.Path, "periods", "0050-frozen.json"), second = Path.Combine(folder.Path, "periods", "0051-frozen.json");
        File.Copy(first, second, overwrite: true);
        EvaluationFolder opened = EvaluationFolder.Open(folder.Path, market);
        Assert.Contains(second, Assert.Throws<EvaluationFolderException>(() => opened.Find(1, EvaluationPath.Frozen)).Message, StringComparison.Ordinal);
        File.WriteAllText(second, File.ReadAllText(first)[..200]);
        Assert.Contains("line 1, column", Assert.Throws<EvaluationFolderException>(() => opened.Find(1, EvaluationPath.Frozen)).Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(folder.Path, "plan.json"));
        Assert.Contains("no plan.json", Assert.Throws<EvaluationFolderException>(() => EvaluationFolder.Open(folder.Path, market)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder.Path, "plan.json"), "{}");
        Assert.Contains("plan.json", Assert.Throws<EvaluationFolderException>(() => EvaluationFolder.Open(folder.Path, market)).Message, StringComparison.Ordinal);
    }
}
