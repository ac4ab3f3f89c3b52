using System.Diagnostics;
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
        var recent = new MpcPolicy(new MpcOptions { RecentCurvesOnly = true }, "mpc-recent");
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
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Always_a_number_inside_the_range()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            PolicyInput input = _days.Random(seed);
            return new[] { _mpc, new MpcPolicy(new MpcOptions { RecentCurvesOnly = true }) }.All(mpc =>
                Call.One(mpc, input) is { IsDecided: true } d && d.Multiplier >= input.MinMultiplier && d.Multiplier <= input.MaxMultiplier);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_thousand_campaigns_take_milliseconds_and_no_memory()
    {
        PopulationPrior prior = Days.Prior();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 1000).Select(i => _days.Input(d => d.Steps(20 + i % 20, 0.6), prior))];
        var decisions = new PolicyDecision[1000];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        for (int i = 0; i < 20; i++) _mpc.Decide(inputs, decisions, scope);

        double best = double.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            long started = Stopwatch.GetTimestamp();
            _mpc.Decide(inputs, decisions, scope);
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        _mpc.Decide(inputs, decisions, scope);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
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
