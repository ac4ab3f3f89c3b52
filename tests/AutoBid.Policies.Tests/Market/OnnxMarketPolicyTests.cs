using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Diffusion;
using AutoBid.Policies.Market;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Priors;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Tests.Shared;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.Market;

public sealed class OnnxMarketPolicyTests : IDisposable
{
    private readonly Days _days = new();
    private readonly ManualClock _clock = new();
    private readonly FakeSession _session = FakeSession.Market();

    public void Dispose() => _session.Dispose();

    [Theory]
    [InlineData(Objective.TargetCpa, 500)]
    [InlineData(Objective.TargetCpa, 8000)]
    [InlineData(Objective.MaxConversions, 500)]
    public void A_market_as_the_forecast_expects_it_is_bid_on_as_mpc_bids(Objective objective, double budget)
    {
        PolicyInput input = _days.Input(prior: Days.Prior(), mode: PacingMode.SpendFirst, objective: objective, budget: budget);
        Assert.Equal(Call.One(new MpcPolicy(), input).Multiplier, Call.One(Policy(), input).Multiplier, 3);
    }

    [Fact]
    public void Dearer_futures_lower_the_bid_and_the_plan_says_what_they_bring()
    {
        PolicyInput input = _days.Input(prior: Days.Prior(), mode: PacingMode.SpendFirst, budget: 8000);
        double before = Call.One(Policy(), input).Multiplier;
        _session.Future = (_, _, _, channel) => channel == MarketLatents.Volume ? 0.5f : 0;
        PolicyDecision decision = Call.One(Policy(), input);
        Assert.True(decision.IsDecided);
        Assert.True(decision.Multiplier < before, $"{decision.Multiplier} after {before}");
        DayPlan plan = Assert.IsType<DayPlan>(decision.Plan);
        Assert.Equal((0, 48), (plan.FirstStep, plan.Spend.Count));
        Assert.InRange(plan.Spend.Sum(), 0.97, 1.0001);
        Assert.Equal(1, plan.Promise, 6);
    }

    [Fact]
    public void A_plan_beyond_what_can_be_told_is_none_and_the_bid_stands()
    {
        var prior = new PopulationPrior([4, 400], [0, 0], [1e15, 1e15], Days.MeanValue, Days.Reference, default, 1e15, 8);
        PolicyDecision decision = Call.One(Policy(), _days.Input(prior: prior, mode: PacingMode.SpendFirst, budget: 1e-9));
        Assert.True(decision.IsDecided && double.IsFinite(decision.Multiplier));
        Assert.Null(decision.Plan);
    }

    [Fact]
    public void Futures_that_disagree_promise_less()
    {
        _session.Future = (_, sample, _, channel) => channel == MarketLatents.Volume ? (sample == 0 ? -0.7f : 0.7f) : 0;
        PolicyDecision decision = Call.One(Policy(), _days.Input(prior: Days.Prior(), mode: PacingMode.SpendFirst, budget: 4000));
        Assert.InRange(decision.Plan!.Promise, 0.5, 0.99);
    }

    [Fact]
    public void What_is_known_goes_into_the_graph_with_the_campaigns_own_noise()
    {
        PolicyInput[] inputs = [.. Enumerable.Range(0, 3).Select(i => _days.Input(d => d.Steps(4 + i, 0.8), Days.Prior(), id: "c" + i, currentImpressions: Days.PerStep))];
        Policy().Decide(inputs, new PolicyDecision[3], DecisionScope.Unbounded(_clock, seed: 3));
        float[] noise = new float[2 * 144];
        for (int row = 0; row < 3; row++)
        {
            PlanNoise.Fill(noise, "c" + row, 0, 4 + row, 3);
            Assert.Equal(noise, _session.Floats(_session.Index("noise")).Slice(row * 288, 288).ToArray());
            float[] market = new float[144], known = new float[144], now = new float[48], boundary = new float[48];
            MarketLatents.Write(inputs[row].Forecast, market, known, now, boundary);
            Assert.Equal(market, _session.Floats(_session.Index("market")).Slice(row * 144, 144).ToArray());
            Assert.Equal(known, _session.Floats(_session.Index("known")).Slice(row * 144, 144).ToArray());
            Assert.Equal(now, _session.Floats(_session.Index("now")).Slice(row * 48, 48).ToArray());
            Assert.Equal(boundary, _session.Floats(_session.Index("boundary")).Slice(row * 48, 48).ToArray());
        }
    }

    [Fact]
    public void Answers_do_not_depend_on_order_or_batch() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        // Futures that follow from a row's noise: what a campaign gets is its own.
        int noise = _session.Index("noise");
        _session.Future = (row, sample, step, channel) => 0.2f * _session.Floats(noise)[row * 288 + sample * 144 + step * 3 + channel];
        PolicyInput[] inputs = [.. Enumerable.Range(0, 7).Select(i => _days.Random(seed + i))];
        OnnxMarketPolicy policy = Policy();
        double[] alone = [.. inputs.Select(input => Call.One(policy, input).Multiplier)];
        var decisions = new PolicyDecision[7];
        int[] order = [.. Enumerable.Range(0, 7).OrderBy(i => (i * 5 + seed) % 7)];
        policy.Decide([.. order.Select(i => inputs[i])], decisions, DecisionScope.Unbounded(_clock));
        return order.Select((item, place) => (item, place)).All(x => decisions[x.place].IsDecided && decisions[x.place].Multiplier == alone[x.item]);
    }).Check(Checks.Config);

    [Fact]
    public void Whatever_it_decides_lies_in_the_campaigns_range() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var random = new Random(seed);
        _session.Future = (_, _, _, _) => (float)(4 * random.NextDouble() - 2);
        PolicyInput input = _days.Random(seed);
        PolicyDecision decision = Call.One(Policy(), input);
        bool over = input.Trajectory.Closed == 48;
        return decision.IsDecided && (over || (decision.Multiplier >= input.MinMultiplier && decision.Multiplier <= input.MaxMultiplier))
            && (decision.Plan is null || (decision.Plan.Spend.All(x => float.IsFinite(x) && x >= 0) && decision.Plan.Value.All(float.IsFinite)));
    }).Check(Checks.Config);

    [Fact]
    public void Without_a_prior_it_starts_cold_and_then_decides_as_mpc()
    {
        Assert.True(Call.One(Policy(), _days.Input()).IsColdStart);
        PolicyInput input = _days.Input(d => d.Steps(6, 0.8, value: 2));
        Assert.Equal(Call.One(new MpcPolicy(), input).Multiplier, Call.One(Policy(), input).Multiplier);
        Assert.Empty(_session.Runs);
    }

    [Fact]
    public void Without_a_volume_it_decides_as_mpc()
    {
        PopulationPrior flat = new([50, 100, 200], [0.01, 0.02, 0.04], [0.0001, 0.0002, 0.0003], Days.MeanValue, Days.Reference);
        PolicyInput input = _days.Input(prior: flat);
        Assert.Equal(Call.One(new MpcPolicy(), input).Multiplier, Call.One(Policy(), input).Multiplier);
    }

    [Fact]
    public void A_future_that_is_not_finite_is_the_guards_business()
    {
        _session.Future = (_, sample, step, _) => sample == 1 && step == 40 ? float.NaN : 0;
        PolicyDecision decision = Call.One(Policy(), _days.Input(prior: Days.Prior()));
        Assert.True(decision.IsDecided);
        Assert.True(double.IsNaN(decision.Multiplier));
        Assert.Null(decision.Plan);
    }

    [Fact]
    public void After_the_deadline_nothing_is_decided()
    {
        _session.OnRun = () => _clock.Advance(TimeSpan.FromMilliseconds(60));
        PolicyDecision decision = Call.One(Policy(), _days.Input(prior: Days.Prior()), new DecisionScope(_clock, _clock.After(TimeSpan.FromMilliseconds(50)), 0));
        Assert.False(decision.IsDecided);
    }

    [Fact]
    public void A_finished_day_keeps_its_multiplier()
        => Assert.Equal(0.7, Call.One(Policy(), _days.Input(d => d.Steps(48, 0.8), Days.Prior(), last: 0.7)).Multiplier);

    [Fact]
    public void The_curve_of_the_card_stands_for_the_prior_that_it_was_made_for()
    {
        // The same market at half of its cost.
        double[] bids = [.. Enumerable.Range(0, 60).Select(i => 4 * Math.Pow(100, i / 59.0))];
        var curve = new PriorFile
        {
            Name = "curve",
            Version = 1,
            BidPerValue = bids,
            Cost = [.. bids.Select(b => Days.CostOf(b) / 2)],
            Value = [.. bids.Select(Days.ValueOf)],
            MeanValue = Days.MeanValue,
            Reference = Days.Reference,
            OpportunitiesPerDay = 48 * Days.PerStep,
            RegimeSteps = 8,
        };
        OnnxMarketPolicy with = new(Cards.Market with { Curve = curve }, OneSession.Of(FakeSession.Market(), _clock)), without = Policy();
        foreach (int regime in (int[])[8, 0])
        {
            PolicyInput input = _days.Input(prior: Days.Prior(regime), mode: PacingMode.SpendFirst, budget: 2000);
            Assert.True(Call.One(with, input).Multiplier > 1.2 * Call.One(without, input).Multiplier);
        }

        PopulationPrior other = new(bids, [.. bids.Select(Days.CostOf)], [.. bids.Select(Days.ValueOf)], Days.MeanValue, 1.1 * Days.Reference, default, 48 * Days.PerStep, 8);
        PolicyInput elsewhere = _days.Input(prior: other, mode: PacingMode.SpendFirst, budget: 2000);
        Assert.Equal(Call.One(without, elsewhere).Multiplier, Call.One(with, elsewhere).Multiplier);
    }

    [Fact]
    public void Wrong_tensors_are_refused()
    {
        foreach (FakeSession wrong in (FakeSession[])
            [
                new FakeSession(), FakeSession.Planning(), FakeSession.Market(noise: [-1, 2, 48, 4]), FakeSession.Market(noise: [-1, 96, 3]),
                FakeSession.Market(futures: [-1, 3, 48, 3]), FakeSession.Market(futures: [-1, 2, 47, 3]), FakeSession.Market(market: [-1, 48, 2]),
            ])
        {
            Assert.Equal(RefusalReason.Shape, Assert.Throws<ModelRefusedException>(() => new OnnxMarketPolicy(Cards.Market, OneSession.Of(wrong, _clock))).Reason);
        }
    }

    [Fact]
    public void A_card_that_is_not_a_markets_is_refused()
    {
        void Refused(RefusalReason reason, ModelCard card)
            => Assert.Equal(reason, Assert.Throws<ModelRefusedException>(() => new OnnxMarketPolicy(card, OneSession.Of(_session, _clock))).Reason);
        Refused(RefusalReason.Kind, Cards.Market with { Action = "multiplier" });
        Refused(RefusalReason.Kind, Cards.Market with { Kind = "dt" });
        Refused(RefusalReason.Features, Cards.Market with { Features = Cards.Market.Features with { Version = 2 } });
        Refused(RefusalReason.Features, Cards.Market with { Features = Cards.Tiny.Features });
        Refused(RefusalReason.Shape, Cards.Market with { Window = 20 });
    }

    private OnnxMarketPolicy Policy() => new(Cards.Market, OneSession.Of(_session, _clock));
}
