using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Export;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Shifts;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class DayBeforeTests
{
    private static readonly Shift Short = Shift.Find("regime-4")!;

    [Theory]
    [InlineData(EvaluationPath.Frozen, true)]
    [InlineData(EvaluationPath.Full, false)]
    public void Candidates_get_the_prior_of_their_own_markets_day_before(EvaluationPath path, bool regimeKnown)
    {
        var told = new List<PopulationPrior?>();
        var policy = new TestPolicy(input =>
        {
            if (input.Trajectory.Closed == 0) told.Add(input.Prior);
            return 1;
        });
        EvaluationPlan plan = SmallEvaluation.Plan(("test", policy)) with
        {
            Periods = 2,
            BudgetFactors = [1],
            Paths = [path],
            PriorOfDayBefore = true,
            Knowledge = new Knowledge(Regime: regimeKnown),
            Shift = Short.Name,
        };
        EvaluationMarket market = SmallEvaluation.Market(plan, setup => Short.Apply(setup));
        using var folder = new TemporaryFolder();
        SmallEvaluation.Play(market, folder.Path);
        Assert.Equal(2 * 48, told.Count);
        for (int index = 0; index < 2; index++)
        {
            PopulationPrior[] own = [.. told.Skip(48 * index).Take(48).Distinct()!];
            PopulationPrior expected = Made(market.Base(index, PacingMode.SpendFirst).Setup with { Period = 50 + index - 1 });
            PopulationPrior got = Assert.Single(own);
            Assert.Equal(expected.MeanValue, got.MeanValue);
            Assert.Equal(expected.Shape, got.Shape);
            Assert.Equal(expected.MarketCpa(), got.MarketCpa());
            Assert.Equal((4, regimeKnown ? 4 : 0), (expected.RegimeSteps, got.RegimeSteps));
        }

        Assert.NotEqual(told[0]!.MeanValue, told[48]!.MeanValue);
    }

    [Fact]
    public void Rivals_keep_theirs_and_so_the_market_and_S_star_stay()
    {
        using var one = new TemporaryFolder();
        using var other = new TemporaryFolder();
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { Periods = 1 };
        PeriodOutcome without = SmallEvaluation.Play(SmallEvaluation.Market(plan), one.Path)[EvaluationPath.Frozen][0];
        PeriodOutcome with = SmallEvaluation.Play(SmallEvaluation.Market(plan with { PriorOfDayBefore = true }), other.Path)[EvaluationPath.Frozen][0];
        Assert.Equal(without.Oracles.SelectMany(o => o.Score), with.Oracles.SelectMany(o => o.Score));
        Assert.NotEqual(without.Plan, with.Plan);
    }

    [Fact]
    public void It_needs_a_day_before_and_no_other_prior()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies with { PriorOfDayBefore = true };
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { FirstPeriod = 0 }));
        SmallEvaluation.Market(plan with { FirstPeriod = 1 });
        var builder = new PriorBuilder();
        new AuctionNetPeriod().Play(SmallEvaluation.Market(plan).Base(0, PacingMode.SpendFirst).Setup, builder);
        Assert.Throws<ArgumentException>(() => SmallEvaluation.Market(plan with { Prior = builder.Build("other", 1) }));
    }

    [Fact]
    public void The_identity_covers_the_rivals_priors_models_and_shocks()
    {
        EvaluationPlan plan = SmallEvaluation.TwoPolicies;
        PriorFile prior = PriorOf(SmallEvaluation.Market(plan).Base(0, PacingMode.SpendFirst).Setup);
        var same = new HashSet<string>
        {
            Identity(prior.ToPrior()),
            Identity(prior.ToPrior()),
        };
        Assert.Single(same);
        Assert.True(same.Add(Identity(null)));
        Assert.True(same.Add(Identity((prior with { Cost = [.. prior.Cost.Select(cost => 1.001 * cost)] }).ToPrior())));
        Assert.True(same.Add(Identity((prior with { RegimeSteps = 6 }).ToPrior())));
        Assert.True(same.Add(Identity(prior.ToPrior(), shock: new PriceShockOptions())));
        Assert.True(same.Add(Identity(prior.ToPrior(), card: "ab")));

        string Identity(PopulationPrior? rivals, PriceShockOptions? shock = null, string? card = null)
        {
            LineUp field = new LineUpFactory(1, rivals).Uniform(1, "field", new ConstantPolicy(), AuctionNetSeats.All);
            field = field with { Agents = [.. field.Agents.Select(agent => agent with { Shock = shock })] };
            return new EvaluationMarket(plan, (_, _) => field, cardOf: _ => card).Identity;
        }
    }

    private static PopulationPrior Made(PeriodSetup setup) => PriorOf(setup).ToPrior();

    private static PriorFile PriorOf(PeriodSetup setup)
    {
        var builder = new PriorBuilder();
        new AuctionNetPeriod().Play(setup, builder);
        return builder.Build("any", 1);
    }
}
