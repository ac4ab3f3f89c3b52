using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;
using AutoBid.Policies.Tests.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.Simple;

public sealed class PidPolicyTests
{
    private const double Even = Days.Budget / 48;

    private readonly Days _days = new();
    private readonly PidPolicy _pid = new();

    [Fact]
    public void Starts_at_the_accounts_constant()
        => Assert.Equal(0.8, Call.One(_pid, _days.Input(prior: Days.Prior())).Multiplier, 12);

    [Fact]
    public void Without_a_prior_it_starts_cold_until_three_steps_and_five_expected_conversions()
    {
        PolicyDecision early = Call.One(_pid, _days.Input(d => d.Steps(2, 0.5, cost: 1, value: 10)));
        Assert.True(early is { IsColdStart: true, IsDecided: true });
        Assert.Equal(0.8, early.Multiplier);
        Assert.True(Call.One(_pid, _days.Input(d => d.Steps(5, 0.5, cost: 1, value: 0.9))).IsColdStart);
        Assert.False(Call.One(_pid, _days.Input(d => d.Steps(5, 0.5, cost: 1, value: 1.1))).IsColdStart);
    }

    [Fact]
    public void Behind_the_pace_and_below_target_it_bids_more()
        => Assert.True(Call.One(_pid, _days.Input(d => d.Steps(6, 0.5, cost: 0.3 * Even, value: 0.01 * Even), Days.Prior())).Multiplier > 0.5);

    [Fact]
    public void Ahead_of_the_pace_it_bids_less()
        => Assert.True(Call.One(_pid, _days.Input(d => d.Steps(6, 0.5, cost: 3 * Even, value: 0.1 * Even), Days.Prior())).Multiplier < 0.5);

    [Fact]
    public void Above_target_it_bids_less_in_TargetFirst_although_behind_the_pace()
    {
        static void Dear(DayBuilder d) => d.Steps(6, 0.5, cost: 0.5 * Even, value: 0.5 * Even / 200);
        double target = Call.One(_pid, _days.Input(Dear, Days.Prior())).Multiplier;
        double spend = Call.One(_pid, _days.Input(Dear, Days.Prior(), PacingMode.SpendFirst)).Multiplier;
        double free = Call.One(_pid, _days.Input(Dear, Days.Prior(), objective: Objective.MaxConversions)).Multiplier;
        Assert.True(target < 0.5);
        Assert.True(spend > target);
        Assert.True(free > spend);
    }

    [Fact]
    public void One_step_moves_by_a_factor_between_a_half_and_two()
    {
        var strong = new PidPolicy(new PidOptions { Proportional = 50 });
        Assert.Equal(0.25, Call.One(strong, _days.Input(d => d.Steps(20, 0.5, cost: 20 * Even, value: 0), Days.Prior())).Multiplier, 6);
        Assert.Equal(1, Call.One(strong, _days.Input(d => d.Steps(6, 0.5, cost: 0, value: 0.2), Days.Prior())).Multiplier, 6);
    }

    [Fact]
    public void Ticks_inside_a_step_do_not_compound()
    {
        PolicyInput first = _days.Input(d => d.Steps(6, 0.5, cost: 0.3 * Even, value: 0.01 * Even), Days.Prior());
        double once = Call.One(_pid, first).Multiplier;
        PolicyInput later = _days.Input(d => d.Steps(6, 0.5, cost: 0.3 * Even, value: 0.01 * Even), Days.Prior(), last: once);
        Assert.Equal(once, Call.One(_pid, later).Multiplier);
    }

    [Fact]
    public void An_error_the_range_could_not_answer_is_not_held_against_it()
    {
        // Behind the pace all morning: at the ceiling there was nothing to be done about it.
        var integral = new PidPolicy(new PidOptions { Proportional = 0, Derivative = 0, Integral = 0.1 });
        double free = Call.One(integral, _days.Input(d => d.Steps(10, 0.5, cost: 0, value: 0.1), Days.Prior(), max: 4)).Multiplier;
        double saturated = Call.One(integral, _days.Input(d => d.Steps(10, 0.5, cost: 0, value: 0.1), Days.Prior(), max: 0.5)).Multiplier;
        double after = Call.One(integral, _days.Input(d => d.Steps(10, 0.5, cost: 0, value: 0.1).Step(0.4, cost: 0, value: 0.1), Days.Prior(), max: 0.5)).Multiplier;
        Assert.True(free > 0.6);
        Assert.Equal(0.5, saturated, 6);
        Assert.InRange(after, 0.4, 0.45);
    }

    [Theory]
    [InlineData(0.5, 1.2)]
    [InlineData(0.9, 1.0)]
    [InlineData(1.3, 0.7)]
    public void Benchmark_pid_follows_projected_spend(double share, double factor)
    {
        var benchmark = new PidPolicy(PidOptions.Benchmark, "pid-benchmark");
        Assert.Equal(0.15, Call.One(benchmark, _days.Input()).Multiplier, 9);
        // After one step: cost x 47 against what is left.
        double cost = share * Days.Budget / (47 + share);
        Assert.Equal(0.2 * factor, Call.One(benchmark, _days.Input(d => d.Step(0.2, cost: cost))).Multiplier, 6);
    }

    [Fact]
    public void Equal_inputs_give_equal_decisions_in_any_order()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 30).Select(_days.Random)];
        PolicyDecision[] forward = new PolicyDecision[30], backward = new PolicyDecision[30];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        _pid.Decide(inputs, forward, scope);
        _pid.Decide([.. inputs.Reverse()], backward, scope);
        for (int i = 0; i < 30; i++) Assert.Equal(forward[i].Multiplier, backward[29 - i].Multiplier);
    }

    [Fact]
    public void Always_a_number_inside_the_range()
        => Prop.ForAll(Gen.Choose(1, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            PolicyInput input = _days.Random(seed);
            return new[] { _pid, new PidPolicy(PidOptions.Benchmark) }.All(pid =>
                Call.One(pid, input) is { IsDecided: true } d && d.Multiplier >= input.MinMultiplier && d.Multiplier <= input.MaxMultiplier);
        }).Check(Checks.Config);

    [Fact]
    public void Numbers_that_are_none_are_not_decided_on()
        => Assert.False(Call.One(_pid, _days.Input(d => d.Steps(4, 0.5, cost: double.NaN), Days.Prior())).IsDecided);

    [Fact]
    public void Decides_a_batch_without_allocating()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 50).Select(_days.Random)];
        var decisions = new PolicyDecision[50];
        DecisionScope scope = DecisionScope.Unbounded(new ManualClock());
        _pid.Decide(inputs, decisions, scope);
        Assert.Equal(0, Allocations.Of(() => _pid.Decide(inputs, decisions, scope)));
    }
}
