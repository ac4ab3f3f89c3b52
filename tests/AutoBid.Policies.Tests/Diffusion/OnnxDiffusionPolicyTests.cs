using AutoBid.Policies.Contracts;
using AutoBid.Policies.Diffusion;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Diffusion;

public sealed class OnnxDiffusionPolicyTests : IDisposable
{
    private static readonly ModelCard Card = Cards.Tiny with { Kind = "diffusion", Name = "cbd" };

    private readonly Days _days = new();
    private readonly ManualClock _clock = new();
    private readonly FakeSession _session = FakeSession.Planning();

    public void Dispose() => _session.Dispose();

    [Fact]
    public void The_plan_begins_at_the_step_that_is_decided_and_goes_with_the_decision()
    {
        _session.Action = _ => 0.3f;
        _session.Plan = (_, step, channel) => channel switch { 0 => (step + 1) / 100f, 1 => 0.02f, _ => 9 };
        PolicyDecision decision = Call.One(Policy(), _days.Input(d => d.Steps(45, 0.8), Days.Prior()));
        Assert.Equal(Math.Exp(0.3), decision.Multiplier, 5);
        DayPlan plan = Assert.IsType<DayPlan>(decision.Plan);
        Assert.Equal(45, plan.FirstStep);
        Assert.Equal([0.46f, 0.47f, 0.48f], plan.Spend);
        Assert.Equal([0.02f, 0.02f, 0.02f], plan.Value);
        Assert.Equal(0.5, plan.Promise);
    }

    [Fact]
    public void Rows_of_a_batch_get_their_own_plans()
    {
        _session.Plan = (row, _, _) => row;
        PolicyInput[] inputs = [.. Enumerable.Range(0, 3).Select(i => _days.Input(d => d.Steps(40 + i, 0.8), Days.Prior(), id: "c" + i))];
        var decisions = new PolicyDecision[3];
        Policy().Decide(inputs, decisions, DecisionScope.Unbounded(_clock));
        for (int i = 0; i < 3; i++) Assert.Equal(Enumerable.Repeat((float)i, 8 - i), decisions[i].Plan!.Spend);
    }

    [Fact]
    public void Noise_follows_from_campaign_day_step_and_seed_and_from_nothing_else()
    {
        float[] first = Noise("a", 20261122, 5, 0);
        Assert.Equal(first, Noise("a", 20261122, 5, 0));
        Assert.NotEqual(first, Noise("b", 20261122, 5, 0));
        Assert.NotEqual(first, Noise("a", 20261123, 5, 0));
        Assert.NotEqual(first, Noise("a", 20261122, 6, 0));
        Assert.NotEqual(first, Noise("a", 20261122, 5, 1));
        // Fixed for good: replays of recorded days must plan what was planned.
        Assert.Equal([-0.86049f, 0.36319f, 0.72925f], first[..3].Select(x => MathF.Round(x, 5)));
    }

    [Fact]
    public void Noise_is_standard_normal()
    {
        double[] x = [.. Enumerable.Range(0, 300).SelectMany(day => Noise("campaign", day, day % 48, 7)).Select(v => (double)v)];
        double mean = x.Average(), variance = x.Average(v => v * v) - mean * mean;
        Assert.InRange(mean, -0.01, 0.01);
        Assert.InRange(variance, 0.98, 1.02);
        Assert.InRange(x.Count(v => Math.Abs(v) > 1.96) / (double)x.Length, 0.046, 0.054);
        Assert.InRange(x.Zip(x.Skip(1), (a, b) => a * b).Average(), -0.01, 0.01);
    }

    [Fact]
    public void Every_row_gets_the_noise_of_its_campaign_and_padding_none()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 3).Select(i => _days.Input(d => d.Steps(4, 0.8), Days.Prior(), id: "c" + i))];
        Policy().Decide(inputs, new PolicyDecision[3], DecisionScope.Unbounded(_clock, seed: 3));
        int noise = _session.Index("noise"), length = 2 * 48 * 4;
        for (int row = 0; row < 3; row++) Assert.Equal(Noise("c" + row, 0, 4, 3, length), _session.Floats(noise).Slice(row * length, length).ToArray());
        Assert.All(_session.Floats(noise).Slice(3 * length, length).ToArray(), x => Assert.Equal(0, x));
    }

    [Fact]
    public void A_plan_that_is_not_finite_is_no_plan()
    {
        _session.Plan = (_, step, _) => step == 47 ? float.NaN : 0.01f;
        Assert.Null(Call.One(Policy(), _days.Input(d => d.Steps(6, 0.8), Days.Prior())).Plan);
    }

    [Fact]
    public void Without_a_prior_it_starts_cold_and_plans_nothing()
    {
        PolicyDecision decision = Call.One(Policy(), _days.Input());
        Assert.True(decision.IsColdStart);
        Assert.Null(decision.Plan);
        Assert.Empty(_session.Runs);
    }

    [Theory]
    [InlineData("noise", 48, 3)]
    [InlineData("noise", 47, 4)]
    [InlineData("plan", 48, 3)]
    [InlineData("plan", 47, 4)]
    public void Wrong_tensors_are_refused(string tensor, int steps, int channels)
    {
        using FakeSession wrong = tensor == "noise" ? FakeSession.Planning(noise: [-1, 2, steps, channels]) : FakeSession.Planning(plan: [-1, steps, channels]);
        ModelRefusedException error = Assert.Throws<ModelRefusedException>(() => new OnnxDiffusionPolicy(Card, OneSession.Of(wrong, _clock)));
        Assert.Equal(RefusalReason.Shape, error.Reason);
        Assert.Contains(tensor, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_graph_that_plans_nothing_and_an_action_that_is_none_are_refused()
    {
        using var transformer = new FakeSession();
        Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxDiffusionPolicy(Card, OneSession.Of(transformer, _clock))).Reason);
        Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxDiffusionPolicy(Card, OneSession.Of(FakeSession.Planning(window: 5), _clock))).Reason);
        Assert.Equal(RefusalReason.Kind, Assert.Throws<ModelRefusedException>(() => new OnnxDiffusionPolicy(Card with { Action = "multiplier" }, OneSession.Of(_session, _clock))).Reason);
    }

    private static float[] Noise(string campaign, int day, int step, ulong seed, int length = 48 * 4)
    {
        var noise = new float[length];
        PlanNoise.Fill(noise, campaign, day, step, seed);
        return noise;
    }

    private OnnxDiffusionPolicy Policy() => new(Card, OneSession.Of(_session, _clock));
}
