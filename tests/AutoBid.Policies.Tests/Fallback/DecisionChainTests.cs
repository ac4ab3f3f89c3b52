using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Fallback;

public sealed class DecisionChainTests : IDisposable
{
    private readonly Days _days = new();
    private readonly ManualClock _clock = new();
    private readonly CountingMeter _meter = new();
    private readonly FakeModels _models = new();
    private readonly FakePolicy _gave = new();
    private readonly DecisionChain _chain;

    public DecisionChainTests()
    {
        _models.Serve(_gave);
        _chain = new DecisionChain(new PolicyCatalog([new ConstantPolicy(), new PidPolicy(), new MpcPolicy()], _models, _clock), _meter.Metrics);
    }

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void A_policy_inside_its_deadline_answers_itself()
    {
        ChainDecision decision = Call.One(_chain, Item("gave"), In(50));
        Assert.Equal(1.3, decision.Multiplier);
        Assert.True(decision is { Step: null, Reason: null, IsPlanned: true, Policy: "gave", Model: "gave/1" });
        Assert.Equal(1, _meter["autobid_decision_duration_seconds gave"]);
    }

    [Fact]
    public void A_nan_goes_on_to_the_guard()
    {
        _gave.Answer = double.NaN;
        Assert.True(Call.One(_chain, Item("gave"), In(50)) is { Step: null, Multiplier: double.NaN });
    }

    [Theory]
    [InlineData(0, 0.9, true, FallbackStep.Last, 0.9)]
    [InlineData(1, 0.9, true, FallbackStep.Last, 0.9)]
    [InlineData(2, 0.9, true, FallbackStep.Pid, 0)]
    [InlineData(0, 0, true, FallbackStep.Pid, 0)]
    [InlineData(0, double.NaN, true, FallbackStep.Pid, 0)]
    [InlineData(2, 0.9, false, FallbackStep.Safe, 0.6)]
    [InlineData(0, 0, false, FallbackStep.Safe, 0.6)]
    public void A_missed_deadline_falls_to_last_then_pid_then_safe(int age, double last, bool hasSteps, FallbackStep step, double expected)
    {
        _gave.Decides = 0;
        ChainDecision decision = Call.One(_chain, Item("gave", age, last, hasSteps), In(50));
        Assert.True(decision.Step == step && decision.Reason == FallbackReason.Deadline && !decision.IsPlanned);
        Assert.Equal(1, _meter[$"autobid_fallback_total {FallbackNames.Of(step)} deadline"]);
        double wanted = step == FallbackStep.Pid ? new PidPolicy().Next(Item("gave", age, last, hasSteps).Input) : expected;
        Assert.Equal(wanted, decision.Multiplier);
    }

    [Fact]
    public void Pid_fails_on_a_broken_trajectory_and_leaves_it_to_safe()
    {
        _gave.Decides = 0;
        PolicyInput broken = _days.Input(d => d.Steps(4, 0.5, cost: double.NaN), Days.Prior());
        Assert.True(Call.One(_chain, Days.Item(broken, "gave", age: 5), In(50)) is { Step: FallbackStep.Safe, Multiplier: 0.6 });
    }

    [Fact]
    public void What_was_decided_in_time_stays_and_only_the_rest_falls_back()
    {
        _gave.Decides = 2;
        var decisions = new ChainDecision[3];
        _chain.Decide([Item("gave"), Item("gave"), Item("gave", last: 0.9)], decisions, In(50));
        Assert.Null(decisions[1].Step);
        Assert.Equal(FallbackStep.Last, decisions[2].Step);
    }

    [Fact]
    public void Nobody_live_under_the_name_is_no_model()
    {
        Assert.True(Call.One(_chain, Item("cbd", last: 0.9)) is { Step: FallbackStep.Last, Reason: FallbackReason.NoModel, Policy: "cbd" });
        Assert.Equal(1, _meter["autobid_fallback_total last no-model"]);
    }

    [Fact]
    public void A_full_queue_asks_nobody()
    {
        var decisions = new ChainDecision[1];
        _chain.FallBack([Item("gave", last: 0.9)], decisions, FallbackReason.QueueFull);
        Assert.True(decisions[0] is { Step: FallbackStep.Last, Reason: FallbackReason.QueueFull, Policy: "gave", Model: "gave/1" });
        Assert.Equal(0, _gave.Calls);
    }

    [Fact]
    public void A_lost_gpu_is_named_and_told()
    {
        (string, Exception)? told = null;
        _chain.PolicyFailed += (name, error) => told = (name, error);
        _gave.Decides = 0;
        _gave.OnDecide = () => throw new InferenceException("CUDA error 719", InferenceFault.DeviceLost);
        Assert.True(Call.One(_chain, Item("gave", last: 0.9), In(50)) is { Step: FallbackStep.Last, Reason: FallbackReason.GpuLost });
        Assert.Equal("gave", told?.Item1);
    }

    [Theory]
    [InlineData(InferenceFault.QueueFull, FallbackReason.QueueFull)]
    [InlineData(InferenceFault.DeviceLost, FallbackReason.GpuLost)]
    public void What_says_nothing_of_the_model_does_not_open_the_breaker(InferenceFault fault, FallbackReason reason)
    {
        _gave.Decides = 0;
        _gave.OnDecide = () => throw new InferenceException("not now", fault);
        for (int i = 0; i < 10; i++) Assert.Equal(reason, Call.One(_chain, Item("gave", last: 0.9), In(50)).Reason);
        Assert.Equal(10, _gave.Calls);
    }

    [Theory]
    [InlineData(InferenceFault.Model)]
    [InlineData(InferenceFault.OutOfMemory)]
    public void Failures_open_the_breaker_and_time_closes_it(InferenceFault fault)
    {
        _gave.Decides = 0;
        _gave.OnDecide = () => throw new InferenceException("bad graph", fault);
        for (int i = 0; i < 3; i++) Assert.Equal(FallbackReason.Breaker, Call.One(_chain, Item("gave", last: 0.9), In(50)).Reason);
        Assert.Equal(3, _gave.Calls);

        Call.One(_chain, Item("gave", last: 0.9), In(50));
        Assert.Equal(3, _gave.Calls);

        _gave.OnDecide = null;
        _gave.Decides = 1;
        _clock.Advance(TimeSpan.FromSeconds(16));
        Assert.Null(Call.One(_chain, Item("gave"), In(50)).Step);
        Assert.Equal(4, _gave.Calls);
        Assert.Null(Call.One(_chain, Item("gave"), In(50)).Step);
    }

    [Fact]
    public void Calls_that_decide_nothing_in_time_open_the_breaker()
    {
        _gave.Decides = 0;
        for (int i = 0; i < 3; i++) Assert.Equal(FallbackReason.Deadline, Call.One(_chain, Item("gave", last: 0.9), In(50)).Reason);
        Assert.Equal(FallbackReason.Breaker, Call.One(_chain, Item("gave", last: 0.9), In(50)).Reason);
        Assert.Equal(3, _gave.Calls);
    }

    [Fact]
    public void Part_of_a_batch_in_time_is_no_failure()
    {
        _gave.Decides = 1;
        var decisions = new ChainDecision[2];
        for (int i = 0; i < 10; i++) _chain.Decide([Item("gave"), Item("gave", last: 0.9)], decisions, In(50));
        Assert.Equal(10, _gave.Calls);
    }

    [Fact]
    public void A_replaced_model_starts_with_a_closed_breaker()
    {
        _gave.Decides = 0;
        for (int i = 0; i < 4; i++) Call.One(_chain, Item("gave", last: 0.9), In(50));
        Assert.Equal(3, _gave.Calls);
        var next = new FakePolicy { Answer = 0.7 };
        _models.Serve(next);
        Assert.Equal(0.7, Call.One(_chain, Item("gave"), In(50)).Multiplier);
    }

    [Fact]
    public void A_mixed_batch_runs_each_policy_once()
    {
        var decisions = new ChainDecision[4];
        _chain.Decide([Item("gave"), Item("constant"), Item(null), Item("gave")], decisions, In(50));
        Assert.Equal(1, _gave.Calls);
        Assert.Equal(["gave", "constant", "mpc", "gave"], decisions.Select(d => d.Policy));
        Assert.Equal(0.8, decisions[1].Multiplier);
        Assert.All(decisions, d => Assert.True(d.IsPlanned));
    }

    [Fact]
    public void Inside_a_step_the_decision_moves_by_mpcs_own_ratio()
    {
        var step = new FakePolicy("step", PolicyCadence.StepStart) { Answer = 1.3 };
        _models.Serve(step);
        PolicyInput input = _days.Input(d => d.Steps(10, 0.8), Days.Prior());
        ChainDecision start = Call.One(_chain, Days.Item(input, "step"));
        Assert.True(start.IsPlanned && start.Mpc > 0);

        ChainDecision same = Call.One(_chain, Days.Item(input, "step", stepStart: start.Multiplier, mpcAtStart: start.Mpc));
        Assert.Equal(1.3, same.Multiplier, 9);
        Assert.True(same is { Step: null, IsPlanned: false, Model: "step/1" });

        // The running step burns money: MPC falls, and the decision with it, at most 0.3 in log.
        PolicyInput burnt = _days.Input(d => d.Steps(10, 0.8).Open(0.5f, cost: 300), Days.Prior());
        ChainDecision less = Call.One(_chain, Days.Item(burnt, "step", stepStart: 1.3, mpcAtStart: start.Mpc));
        Assert.Equal(1.3 * less.Mpc / start.Mpc, less.Multiplier, 9);
        Assert.True(less.Multiplier < 1.3);
        PolicyInput gone = _days.Input(d => d.Steps(10, 0.8).Open(0.5f, cost: 1600), Days.Prior());
        Assert.Equal(1.3 * Math.Exp(-0.3), Call.One(_chain, Days.Item(gone, "step", stepStart: 1.3, mpcAtStart: start.Mpc)).Multiplier, 9);
        Assert.Equal(1, step.Calls);
    }

    [Fact]
    public void Inside_a_step_without_a_prior_it_holds()
    {
        _models.Serve(new FakePolicy("step", PolicyCadence.StepStart));
        PolicyInput input = _days.Input(d => d.Steps(10, 0.8).Open(0.5f, cost: 1600));
        ChainDecision decision = Call.One(_chain, Days.Item(input, "step", stepStart: 1.1, mpcAtStart: 0.9));
        Assert.Equal(1.1, decision.Multiplier);
        Assert.Equal(0, decision.Mpc);
    }

    [Fact]
    public void A_stalled_session_falls_back_at_its_deadline()
    {
        var session = new FakeSession { OnRun = () => _clock.Advance(TimeSpan.FromMilliseconds(80)) };
        _models.Serve(new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(session, _clock)));
        ChainDecision decision = Call.One(_chain, Days.Item(_days.Input(prior: Days.Prior(), last: 0.9), "tiny"), In(50));
        Assert.True(decision is { Step: FallbackStep.Last, Reason: FallbackReason.Deadline });
    }

    [Fact]
    public void Steady_state_allocates_nothing_for_simple_policies()
    {
        ChainItem[] items = [.. Enumerable.Range(0, 100).Select(i => Item(i % 2 == 0 ? "mpc" : "pid"))];
        var decisions = new ChainDecision[100];
        DecisionScope scope = In(50);
        _chain.Decide(items, decisions, scope);
        long before = GC.GetAllocatedBytesForCurrentThread();
        _chain.Decide(items, decisions, scope);
        // The counting meter of this test allocates for its tags, once per policy.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2000);
    }

    private DecisionScope In(int milliseconds) => new(_clock, _clock.After(TimeSpan.FromMilliseconds(milliseconds)), 0);

    private ChainItem Item(string? policy, int age = 0, double last = 0, bool hasSteps = true)
        => Days.Item(_days.Input(d => d.Steps(hasSteps ? 5 : 0, 0.5), Days.Prior(), last: last), policy, age);
}
