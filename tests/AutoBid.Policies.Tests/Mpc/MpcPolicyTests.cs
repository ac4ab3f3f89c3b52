using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.Mpc;

public sealed class MpcPolicyTests(ITestOutputHelper output)
{
    private readonly Days _days = new();
    private readonly MpcPolicy _mpc = new();

    [Fact]
    public void Decides_from_step_0_with_a_prior()
    {
        PolicyDecision decision = Call.One(_mpc, _days.Input(prior: Days.Prior(), constant: 3.3));
        Assert.True(decision is { IsDecided: true, IsColdStart: false });
        // Mean price b / 2: the target alone would allow 2, the budget less.
        double bid = Math.Sqrt(Days.Budget / (48 * Days.PerStep) * 800 / Days.MeanValue);
        Assert.Equal(bid / Days.Reference, decision.Multiplier, 0.02);
    }

    [Fact]
    public void TargetFirst_stops_where_the_target_ends()
    {
        double multiplier = Call.One(_mpc, _days.Input(prior: Days.Prior(), budget: 1e6)).Multiplier;
        Assert.Equal(2, multiplier, 0.03);
    }

    [Fact]
    public void SpendFirst_goes_past_the_target_for_score_and_MaxConversions_to_the_budget()
    {
        // Score b x (2 / b)^2 falls above 2: the best is the target itself. Without a target only the budget ends it.
        Assert.Equal(2, Call.One(_mpc, _days.Input(prior: Days.Prior(), budget: 1e6, mode: PacingMode.SpendFirst)).Multiplier, 0.05);
        Assert.Equal(4, Call.One(_mpc, _days.Input(prior: Days.Prior(), budget: 1e6, objective: Objective.MaxConversions)).Multiplier, 0.01);
        double bound = Call.One(_mpc, _days.Input(prior: Days.Prior(), objective: Objective.MaxConversions)).Multiplier;
        Assert.Equal(1.15, bound, 0.03);
    }

    [Fact]
    public void Early_overspend_does_not_deadlock_at_the_lowest_bid()
    {
        // The first steps bought at 170 per conversion: the slack is below 0.
        PolicyInput input = _days.Input(d => d.Steps(3, 1, cost: 17, value: 0.1), Days.Prior(), budget: 1e5);
        double multiplier = Call.One(_mpc, input).Multiplier;
        Assert.True(multiplier > 1, $"{multiplier}");
    }

    [Fact]
    public void Starts_cold_without_prior()
    {
        PolicyDecision decision = Call.One(_mpc, _days.Input(d => d.Steps(2, 0.5, value: 50)));
        Assert.True(decision.IsColdStart);
        Assert.Equal(0.8, decision.Multiplier);
        Assert.False(Call.One(_mpc, _days.Input(d => d.Steps(3, 0.5, value: 2))).IsColdStart);
        // Warm, but without any curve: nothing can be projected.
        Assert.True(Call.One(_mpc, _days.Input(d => Enumerable.Range(0, 4).ToList().ForEach(_ => d.Step(0.5, curve: false, value: 2)))).IsColdStart);
    }

    [Fact]
    public void Recent_curves_only_ignores_the_prior()
    {
        MpcPolicy recent = MpcPolicy.Recent;
        Assert.Equal("mpc-recent", recent.Name);
        Assert.False(recent.DecidesFromPrior);
        static void Rich(DayBuilder d) => Enumerable.Range(0, 4).ToList().ForEach(_ => d.Step(0.6, level: 2));
        PolicyInput with = _days.Input(Rich, Days.Prior()), without = _days.Input(Rich);
        Assert.Equal(Call.One(recent, without).Multiplier, Call.One(recent, with).Multiplier);
        // Level 2 extrapolated to midnight costs four times as much: it bids far less than the policy that knows levels revert.
        Assert.True(Call.One(recent, with).Multiplier < 0.75 * Call.One(_mpc, with).Multiplier);
        Assert.True(Call.One(recent, _days.Input(prior: Days.Prior())).IsColdStart);
    }

    [Fact]
    public void Recent_curves_know_the_days_volumes_from_the_prior()
    {
        // A night of 8 steps that carry a tenth of the day's flat share: without the shape the rest of the day looks as small as the night.
        static void Night(DayBuilder d) => Enumerable.Range(0, 8).ToList().ForEach(_ => d.Step(0.6, impressions: 0.1 * Days.PerStep));
        double[] shape = [.. Enumerable.Range(0, 48).Select(s => s < 8 ? 0.1 : 1)];
        var prior = new PopulationPrior([10, 1000], [0, 1], [0, 1], Days.MeanValue, Days.Reference, shape, 40.8 * Days.PerStep);
        double with = Call.One(MpcPolicy.Recent, _days.Input(Night, prior)).Multiplier, without = Call.One(MpcPolicy.Recent, _days.Input(Night)).Multiplier;
        // The prior's curve is nonsense and must not matter: cost b^2 over 40 full steps of volume.
        double bid = Math.Sqrt((Days.Budget - 8 * 0.1 * Days.PerStep * Days.CostOf(60)) / (40 * Days.PerStep) * 800 / Days.MeanValue);
        Assert.Equal(bid / Days.Reference, with, 0.06);
        Assert.True(without > 1.4 * with, $"{without} {with}");
    }

    [Fact]
    public void Follows_the_price_level_of_the_day()
    {
        // Twice the prior's prices for 24 steps; a new regime begins, so that the rest of the day is the prior's word alone.
        static void Dear(DayBuilder d) => Enumerable.Range(0, 24).ToList().ForEach(_ => d.Step(0.8, price: 2));
        static void Usual(DayBuilder d) => Enumerable.Range(0, 24).ToList().ForEach(_ => d.Step(0.8));
        var plain = new MpcPolicy(new MpcOptions { FollowsPriceLevel = false }, "plain");
        PolicyInput dear = _days.Input(Dear, Days.Prior(), PacingMode.SpendFirst), usual = _days.Input(Usual, Days.Prior(), PacingMode.SpendFirst);
        double spent = 24 * Days.PerStep * 2 * Days.CostOf(40);
        // At price 2 cost is b^2 / 2: the bid that ends the budget.
        double right = Math.Sqrt((Days.Budget - spent) / (24 * Days.PerStep) * 800 / Days.MeanValue * 2) / Days.Reference;
        double followed = Call.One(_mpc, dear).Multiplier, ignored = Call.One(plain, dear).Multiplier;
        Assert.True(Math.Abs(Math.Log(followed / right)) < 0.75 * Math.Abs(Math.Log(ignored / right)), $"{followed} {ignored} {right}");
        Assert.Equal(Call.One(plain, usual).Multiplier, Call.One(_mpc, usual).Multiplier, 0.01);
        // What models were trained beside stays as it was.
        Assert.True(MpcPolicy.TryPlan(dear, new DayForecast(), out double planned));
        Assert.Equal(ignored, planned);
    }

    [Theory]
    [InlineData(PacingMode.SpendFirst)]
    [InlineData(PacingMode.TargetFirst)]
    public void Min_pacing_keeps_target_and_budget_in_both_modes(PacingMode mode)
    {
        foreach (MpcPolicy policy in new[] { MpcPolicy.MinPacing, MpcPolicy.RecentMinPacing })
        {
            // 20 % over the target so far: the rest of the day has to bring it back, so the bid ends below the 2 that would hold it.
            static void Dear(DayBuilder d) => d.Steps(12, 2.4);
            double rich = Call.One(policy, _days.Input(Dear, Days.Prior(), mode, budget: policy == MpcPolicy.MinPacing ? 1e6 : Days.Budget * 20)).Multiplier;
            Assert.InRange(rich, 1, 2.02);
            double poor = Call.One(policy, _days.Input(d => d.Steps(12, 0.6), Days.Prior(), mode)).Multiplier;
            double left = Days.Budget - 12 * Days.PerStep * Days.CostOf(60);
            Assert.Equal(Math.Sqrt(left / (36 * Days.PerStep) * 800 / Days.MeanValue) / Days.Reference, poor, 0.06);
        }
    }

    [Fact]
    public void Min_pacing_with_a_deficit_does_not_bid_the_lowest()
    {
        // Bought at 170 per conversion so far: the slack is below 0, the normal early state.
        PolicyInput input = _days.Input(d => d.Steps(3, 1, cost: 17, value: 0.1), Days.Prior(), PacingMode.SpendFirst, budget: 1e5);
        Assert.True(Call.One(MpcPolicy.MinPacing, input).Multiplier > 1);
        // A deficit nothing can make good: the multiplier that loses least, not the lowest.
        PolicyInput lost = _days.Input(d => d.Steps(40, 3.9), Days.Prior(), PacingMode.SpendFirst, budget: 1e6);
        Assert.Equal(1, Call.One(MpcPolicy.MinPacing, lost).Multiplier, 0.06);
        Assert.Equal(4, Call.One(MpcPolicy.MinPacing, _days.Input(prior: Days.Prior(), budget: 1e6, objective: Objective.MaxConversions)).Multiplier, 0.01);
    }

    [Fact]
    public void First_step_of_a_regime_is_shifted_by_the_current_mean_value()
    {
        static void Day(DayBuilder d) => d.Steps(40, 0.8);
        double poor = Call.One(_mpc, _days.Input(Day, Days.Prior(), currentMeanValue: 0.4 * Days.MeanValue, currentImpressions: Days.PerStep)).Multiplier;
        double same = Call.One(_mpc, _days.Input(Day, Days.Prior(), currentMeanValue: Days.MeanValue, currentImpressions: Days.PerStep)).Multiplier;
        double rich = Call.One(_mpc, _days.Input(Day, Days.Prior(), currentMeanValue: 2.5 * Days.MeanValue, currentImpressions: Days.PerStep)).Multiplier;
        Assert.True(poor > same && same > rich, $"{poor} {same} {rich}");
        Assert.Equal(same, Call.One(_mpc, _days.Input(Day, Days.Prior())).Multiplier, 0.02);
    }

    [Fact]
    public void Unknown_regime_still_decides()
    {
        PolicyDecision decision = Call.One(_mpc, _days.Input(d => d.Steps(5, 0.8), Days.Prior(regimeSteps: 0)));
        Assert.True(decision is { IsDecided: true, IsColdStart: false });
        Assert.InRange(decision.Multiplier, 0.5, 2);
    }

    [Fact]
    public void More_budget_never_bids_less()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            double spent = Days.Budget / 48 * random.NextDouble() * 2;
            int steps = random.Next(0, 48);
            double low = 500 + 4000 * random.NextDouble(), high = low * (1 + random.NextDouble());
            Objective objective = random.Next(2) == 0 ? Objective.TargetCpa : Objective.MaxConversions;
            double At(double budget) => Call.One(_mpc, _days.Input(
                d => Enumerable.Range(0, steps).ToList().ForEach(_ => d.Step(0.7, curve: false, cost: spent, value: spent / 90)), Days.Prior(), objective: objective, budget: budget)).Multiplier;
            return At(high) >= At(low) - 1e-9;
        }).Check(Checks.Config);

    [Fact]
    public void Always_a_number_inside_the_range()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            PolicyInput input = _days.Random(seed);
            return new[] { _mpc, MpcPolicy.Recent, MpcPolicy.MinPacing, MpcPolicy.RecentMinPacing }.All(mpc =>
                Call.One(mpc, input) is { IsDecided: true } d && d.Multiplier >= input.MinMultiplier && d.Multiplier <= input.MaxMultiplier);
        }).Check(Checks.Config);

    [Fact]
    public void A_thousand_campaigns_take_milliseconds_and_no_memory()
    {
        PopulationPrior prior = Days.Prior();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 1000).Select(i => _days.Input(d => d.Steps(20 + i % 20, 0.6), prior))];
        var decisions = new PolicyDecision[1000];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        for (int i = 0; i < 20; i++) _mpc.Decide(inputs, decisions, scope);

        double best = ProcessorTime.Of(() => _mpc.Decide(inputs, decisions, scope), 10);
        Assert.Equal(0, Allocations.Of(() => _mpc.Decide(inputs, decisions, scope)));
        output.WriteLine($"MPC, 1,000 campaigns: {best:F2} ms");
        Assert.True(best < 200, $"{best} ms");
    }

    [Fact]
    public void A_passed_deadline_leaves_items_undecided()
    {
        var clock = new ManualClock();
        var scope = new DecisionScope(clock, clock.GetTimestamp(), 0);
        Assert.True(Call.One(_mpc, _days.Input(prior: Days.Prior()), scope).IsDecided);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(Call.One(_mpc, _days.Input(prior: Days.Prior()), scope).IsDecided);
    }
}
