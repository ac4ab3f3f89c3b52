using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.DecisionTransformer;

public sealed class OnnxDecisionTransformerPolicyTests : IDisposable
{
    private readonly Days _days = new();
    private readonly ManualClock _clock = new();
    private readonly FakeSession _session = new();

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Step_0_is_one_token_at_the_right_end()
    {
        Call.One(Policy(), _days.Input(prior: Days.Prior()));
        Assert.Equal([0, 0, 0, 1], Floats("mask"));
        Assert.Equal([0, 0, 0, 0.98f], Floats("condition"));
        Assert.Equal([0, 0, 0, 0], Floats("actions"));
        Assert.Equal([0L, 0, 0, 0], Longs("timesteps"));
        float[] states = _session.Floats(_session.Index("states")).ToArray();
        Assert.All(states[..(3 * 29)], x => Assert.Equal(0, x));
        Assert.Equal((1 - 0.1f) / 2, states[3 * 29], 5);
    }

    [Fact]
    public void A_window_holds_the_last_steps_with_the_executed_action_of_the_step_before()
    {
        PolicyInput input = _days.Input(d => d.Step(0.5).Step(0.8).Step(1.25).Step(20).Step(0.6), Days.Prior());
        Call.One(Policy(), input);
        Assert.Equal([2L, 3, 4, 5], Longs("timesteps"));
        Assert.Equal([1, 1, 1, 1], Floats("mask"));
        // Executed multipliers of steps 1 to 4; 20 is above the range a model knows.
        float[] expected = [(float)Math.Log(0.8f), (float)Math.Log(1.25f), (float)Math.Log(4), (float)Math.Log(0.6f)];
        float[] actual = Floats("actions");
        for (int i = 0; i < 4; i++) Assert.Equal(expected[i], actual[i], 5);

        // Each token is what the builder said when its step was decided, z-scored and clamped.
        var features = new float[29];
        for (int token = 0; token < 4; token++)
        {
            var then = new FeatureInput { Forecast = input.Forecast, TargetFirst = true, HasTarget = true }.AsOf(2 + token, knowsStep: false);
            new ScaleFreeFeatures().Write(then, new DayForecast(), features);
            for (int i = 0; i < 29; i++)
                Assert.Equal(Math.Clamp((features[i] - 0.1) / 2.0, -5, 5), _session.Floats(1)[token * 29 + i], 5);
        }
    }

    [Fact]
    public void States_are_clamped_to_five_deviations()
    {
        ModelCard narrow = Cards.Tiny with { Features = Cards.Tiny.Features with { Std = [.. Enumerable.Repeat(1e-3f, 29)] } };
        Call.One(Policy(narrow), _days.Input(d => d.Steps(6, 0.8), Days.Prior()));
        float[] states = _session.Floats(1)[..(4 * 29)].ToArray();
        Assert.Equal(5, states.Max());
        Assert.Equal(-5, states.Min());
    }

    [Theory]
    [InlineData(0.3f, 1.34986)]
    [InlineData(9f, 4)]
    [InlineData(-9f, 0.05)]
    public void A_log_multiplier_is_kept_inside_what_models_know(float action, double expected)
    {
        _session.Action = _ => action;
        Assert.Equal(expected, Call.One(Policy(), _days.Input(d => d.Steps(6, 0.8), Days.Prior())).Multiplier, 4);
    }

    [Fact]
    public void A_direct_multiplier_and_a_nan_pass()
    {
        _session.Action = _ => 1.5f;
        Assert.Equal(1.5, Call.One(Policy(Cards.Tiny with { Action = "multiplier" }), _days.Input(prior: Days.Prior())).Multiplier, 6);
        _session.Action = _ => float.NaN;
        Assert.True(Call.One(Policy(), _days.Input(prior: Days.Prior())) is { IsDecided: true, Multiplier: double.NaN });
    }

    [Fact]
    public void A_residual_stands_on_mpc_and_is_bounded()
    {
        var session = new FakeSession(residual: true) { Action = _ => 0.2f };
        using var policy = new OnnxDecisionTransformerPolicy(Cards.Residual, OneSession.Of(session, _clock));
        PolicyInput input = _days.Input(d => d.Steps(6, 0.8), Days.Prior());
        Assert.True(MpcPolicy.TryPlan(input, new DayForecast(), out double mpc));
        Assert.Equal(mpc * Math.Exp(0.2), Call.One(policy, input).Multiplier, 5);
        Assert.Equal((float)Math.Log(mpc), session.Floats(session.Index("base"))[3], 5);
        Assert.Equal([1f, 1, 1, 1], session.Floats(session.Index("baseMask"))[..4].ToArray());
        session.Action = _ => 3;
        Assert.Equal(mpc * Math.Exp(0.6), Call.One(policy, input).Multiplier, 5);

        // Without a prior there is no base: mask 0.
        Call.One(policy, _days.Input(d => d.Steps(6, 0.8, value: 3)));
        Assert.Equal([0f, 0, 0, 0], session.Floats(session.Index("baseMask"))[..4].ToArray());
    }

    [Fact]
    public void Smoothing_mixes_in_the_last_executed_multiplier()
    {
        _session.Action = _ => (float)Math.Log(2);
        ModelCard smooth = Cards.Tiny with { Serving = Cards.Tiny.Serving with { Smoothing = 0.25 } };
        double multiplier = Call.One(Policy(smooth), _days.Input(d => d.Steps(3, 0.5), Days.Prior())).Multiplier;
        Assert.Equal(Math.Exp(0.75 * Math.Log(2) + 0.25 * Math.Log(0.5)), multiplier, 5);
        Assert.Equal(2, Call.One(Policy(smooth), _days.Input(prior: Days.Prior())).Multiplier, 5);
    }

    [Fact]
    public void Without_a_prior_it_starts_cold_and_asks_no_model()
    {
        Assert.True(Call.One(Policy(), _days.Input()).IsColdStart);
        Assert.Empty(_session.Runs);
    }

    [Fact]
    public void Deterministic_chunks_have_one_size_and_ignore_the_callers_order()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 6).Select(i => _days.Input(d => d.Steps(i + 1, 0.4 + 0.1 * i), Days.Prior(), id: "c" + i))];
        // The answer depends on the row: only the same place in the same chunk gives the same answer.
        int run = 0;
        _session.OnRun = () => run++;
        _session.Action = row => 0.1f * row + 0.01f * run;
        OnnxDecisionTransformerPolicy policy = Policy();
        var forward = new PolicyDecision[6];
        policy.Decide(inputs, forward, DecisionScope.Unbounded(_clock));
        Assert.Equal([4, 4], _session.Runs);
        run = 0;
        var backward = new PolicyDecision[6];
        policy.Decide([.. inputs.Reverse()], backward, DecisionScope.Unbounded(_clock));
        Assert.Equal(forward.Select(d => d.Multiplier), backward.Reverse().Select(d => d.Multiplier));
        // What fills the last chunk is empty.
        Assert.Equal([0f, 0, 0, 0], _session.Floats(_session.Index("mask"))[12..16].ToArray());
    }

    [Theory]
    [InlineData("cpu", 8)]
    [InlineData("cuda", 32)]
    public void A_deterministic_chunk_is_small_on_the_cpu(string provider, int rows)
    {
        var session = new FakeSession(provider: provider, batches: [1, 2, 4, 8, 16, 32]);
        using var policy = new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(session, _clock));
        Call.One(policy, _days.Input(prior: Days.Prior()));
        Assert.Equal([rows], session.Runs);
    }

    [Fact]
    public void A_graph_of_one_batch_size_runs_in_it()
    {
        var session = new FakeSession(batches: [16]);
        using var policy = new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(session, _clock));
        Assert.True(Call.One(policy, _days.Input(prior: Days.Prior())).IsDecided);
        Assert.Equal([16], session.Runs);
    }

    [Fact]
    public void One_disturbed_run_does_not_keep_chunks_small_for_good()
    {
        OnnxDecisionTransformerPolicy policy = Policy();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 20).Select(i => _days.Input(prior: Days.Prior(), id: "c" + i))];
        bool disturbed = false;
        _session.OnRun = () =>
        {
            // The machine was taken away in the middle of the first larger batch.
            bool hiccup = !disturbed && _session.Runs[^1] == 2;
            disturbed |= hiccup;
            _clock.Advance(TimeSpan.FromMilliseconds(hiccup ? 30 : 0.2 * _session.Runs[^1]));
        };
        for (int call = 0; call < 40; call++) policy.Decide(inputs, new PolicyDecision[20], In(1000));
        Assert.True(disturbed);
        _session.Runs.Clear();
        policy.Decide(inputs, new PolicyDecision[20], In(1000));
        Assert.Equal([4, 4, 4, 4, 4], _session.Runs);
    }

    [Fact]
    public void A_batch_that_is_always_too_slow_is_tried_seldom()
    {
        OnnxDecisionTransformerPolicy policy = Policy();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 20).Select(i => _days.Input(prior: Days.Prior(), id: "c" + i))];
        // One row looks cheap, two are not: the neighbour's estimate misleads.
        _session.OnRun = () => _clock.Advance(TimeSpan.FromMilliseconds(_session.Runs[^1] == 1 ? 1 : 9));
        for (int call = 0; call < 50; call++) policy.Decide(inputs, new PolicyDecision[20], In(1000));
        Assert.InRange(_session.Runs.Count(n => n > 1), 1, _session.Runs.Count / 20);
    }

    [Fact]
    public void Chunks_grow_only_while_they_fit_into_five_milliseconds()
    {
        OnnxDecisionTransformerPolicy policy = Policy();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 20).Select(i => _days.Input(prior: Days.Prior(), id: "c" + i))];
        _session.OnRun = () => _clock.Advance(TimeSpan.FromMilliseconds(2 * _session.Runs[^1]));
        policy.Decide(inputs, new PolicyDecision[20], In(1000));
        Assert.Equal(1, _session.Runs[0]);
        Assert.Equal(2, _session.Runs.Max());
        Assert.True(_session.Runs.Count(n => n == 2) >= 9);
    }

    [Fact]
    public void The_deadline_is_checked_between_chunks_and_late_answers_are_dropped()
    {
        OnnxDecisionTransformerPolicy policy = Policy();
        PolicyInput[] inputs = [.. Enumerable.Range(0, 5).Select(i => _days.Input(prior: Days.Prior(), id: "c" + i))];
        _session.OnRun = () => _clock.Advance(TimeSpan.FromMilliseconds(20));
        var decisions = new PolicyDecision[5];
        policy.Decide(inputs, decisions, In(50));
        // Runs end at 20, 40 and 60 ms: the third comes too late, the rest is not begun.
        Assert.Equal([true, true, false, false, false], decisions.Select(d => d.IsDecided));
        Assert.Equal(3, _session.Runs.Count);
    }

    [Fact]
    public void A_failing_run_keeps_what_was_decided_before_it()
    {
        OnnxDecisionTransformerPolicy policy = Policy();
        _session.OnRun = () =>
        {
            if (_session.Runs.Count == 2) throw new InferenceException("lost", InferenceFault.DeviceLost);
            _clock.Advance(TimeSpan.FromMilliseconds(9));
        };
        var decisions = new PolicyDecision[2];
        Assert.Throws<InferenceException>(() => policy.Decide([_days.Input(prior: Days.Prior(), id: "a"), _days.Input(prior: Days.Prior(), id: "b")], decisions, In(1000)));
        Assert.True(decisions[0].IsDecided);
        Assert.False(decisions[1].IsDecided);
    }

    [Fact]
    public void Decides_a_batch_without_allocating()
    {
        using var policy = new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(OnnxSession.Open(File.ReadAllBytes(Path.Combine(Cards.Source, "tiny", "model.onnx"))), _clock));
        PolicyInput[] inputs = [.. Enumerable.Range(0, 64).Select(i => _days.Input(d => d.Steps(12, 0.7), Days.Prior(), id: "c" + i))];
        var decisions = new PolicyDecision[64];
        DecisionScope scope = DecisionScope.Unbounded(_clock);
        for (int i = 0; i < 3; i++) policy.Decide(inputs, decisions, scope);
        Assert.Equal(0, Allocations.Of(() => policy.Decide(inputs, decisions, scope)));
    }

    [Fact]
    public void A_graph_or_builder_that_does_not_fit_is_refused()
    {
        Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(new FakeSession(window: 5), _clock))).Reason);
        Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(new FakeSession(residual: true), _clock))).Reason);
        Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxDecisionTransformerPolicy(Cards.Residual, OneSession.Of(new FakeSession(), _clock))).Reason);
        ModelCard other = Cards.Tiny with { Features = Cards.Tiny.Features with { Name = "auctionnet-16" } };
        Assert.Equal(RefusalReason.Features, Assert.Throws<ModelRefusedException>(() => new OnnxDecisionTransformerPolicy(other, OneSession.Of(new FakeSession(), _clock))).Reason);
    }

    [Fact]
    public void The_real_runtime_gives_a_campaign_the_same_answer_in_any_batch()
    {
        byte[] graph = File.ReadAllBytes(Path.Combine(Cards.Source, "tiny", "model.onnx"));
        using var policy = new OnnxDecisionTransformerPolicy(Cards.Tiny, OneSession.Of(OnnxSession.Open(graph), _clock));
        PolicyInput[] inputs = [.. Enumerable.Range(0, 70).Select(i => _days.Input(d => d.Steps(i % 48, 0.5 + 0.02 * i), Days.Prior(), id: $"c{i:D2}"))];
        PolicyDecision[] together = new PolicyDecision[70], timed = new PolicyDecision[70];
        policy.Decide(inputs, together, DecisionScope.Unbounded(_clock));
        policy.Decide(inputs, timed, In(1000));
        for (int i = 0; i < 70; i++)
        {
            Assert.Equal(together[i].Multiplier, timed[i].Multiplier, 1e-5);
            Assert.Equal(together[i].Multiplier, Call.One(policy, inputs[i]).Multiplier, 1e-5);
        }

        Assert.True(together.Select(d => Math.Round(d.Multiplier, 6)).Distinct().Count() > 30);
    }

    private OnnxDecisionTransformerPolicy Policy(ModelCard? card = null) => new(card ?? Cards.Tiny, OneSession.Of(_session, _clock));

    private float[] Floats(string input) => _session.Floats(_session.Index(input))[..4].ToArray();

    private long[] Longs(string input) => _session.Longs(_session.Index(input))[..4].ToArray();

    private DecisionScope In(int milliseconds) => new(_clock, _clock.After(TimeSpan.FromMilliseconds(milliseconds)), 0);
}
