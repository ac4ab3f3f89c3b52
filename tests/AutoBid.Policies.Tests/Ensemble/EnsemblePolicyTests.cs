using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Market;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Ensemble;

public sealed class EnsemblePolicyTests : IDisposable
{
    private readonly Days _days = new();
    private readonly ManualClock _clock = new();
    private readonly FakeModels _models = new();
    private readonly FakePolicy _gave = new("gave"), _cbd = new("cbd");
    private readonly FakeSession _session = FakeSession.Market();
    private readonly EnsemblePolicy _ensemble;
    private readonly List<string> _failed = [];

    public EnsemblePolicyTests()
    {
        _models.Serve(_gave);
        _models.Serve(_cbd);
        _models.Serve(new OnnxMarketPolicy(Cards.Market, OneSession.Of(_session, _clock)));
        _ensemble = new EnsemblePolicy(_models);
        _ensemble.MemberFailed += (name, _) => _failed.Add(name);
    }

    public void Dispose() => _session.Dispose();

    [Fact]
    public void Of_the_candidates_the_one_is_bid_that_the_futures_favour()
    {
        PolicyInput input = Input();
        double mpc = Mpc(input);
        // More to buy than the money lasts for: low.
        Volume(1);
        (_gave.Answer, _cbd.Answer) = (mpc * 1.2, mpc * 0.9);
        Assert.Equal(mpc * 0.9 * 0.8, Bid(input), 9);
        // Money to spare: high.
        Volume(-1.5f);
        Assert.Equal(mpc * 1.2 * 1.25, Bid(input), 9);
        Assert.Empty(_failed);
    }

    [Fact]
    public void The_winner_is_the_best_of_a_search_over_all_candidates()
    {
        var random = new Random(5);
        float[] latents = [.. Enumerable.Range(0, 288).Select(_ => (float)(0.8 * random.NextDouble() - 0.4))];
        _session.Future = (_, sample, step, channel) => latents[sample * 144 + step * 3 + channel];
        foreach (PacingMode mode in Enum.GetValues<PacingMode>())
        {
            PolicyInput input = Input(mode);
            double mpc = Mpc(input);
            (_gave.Answer, _cbd.Answer) = (mpc * 1.3, mpc * 0.7);
            var futures = new MarketFutures();
            futures.Build(input.Forecast, latents);
            double Score(double candidate) => FutureRules.ScoreAt(futures, ScoreRule.Of(true, mode), candidate);
            double oracle = ((double[])[mpc, mpc * 1.3, mpc * 0.7]).SelectMany(proposal => ((double[])[0.8, 0.9, 1, 1.1, 1.25]).Select(factor => factor * proposal)).MaxBy(Score);
            Assert.Equal(Score(oracle), Score(Bid(input)), 9);
        }
    }

    [Fact]
    public void Proposals_too_far_apart_are_not_believed()
    {
        PolicyInput input = Input();
        double mpc = Mpc(input);
        (_gave.Answer, _cbd.Answer) = (mpc * 1.1, mpc * Math.Exp(-1.2));
        PolicyDecision decision = Call.One(_ensemble, input);
        Assert.Equal(mpc, decision.Multiplier);
        Assert.Null(decision.Plan);
        Assert.Empty(_session.Runs);
        // Just inside, they are.
        (_gave.Answer, _cbd.Answer) = (mpc, mpc * Math.Exp(-0.99));
        Assert.NotNull(Call.One(_ensemble, input).Plan);
    }

    [Fact]
    public void A_member_that_fails_or_does_not_decide_leaves_the_choice_to_the_others()
    {
        PolicyInput input = Input();
        double mpc = Mpc(input);
        Volume(-1.5f);
        (_gave.Decides, _cbd.Decides, _cbd.OnDecide) = (0, 0, () => throw new InferenceException("broken", InferenceFault.Model));
        Assert.Equal(mpc * 1.25, Bid(input), 9);
        Assert.Equal(["cbd"], _failed);
        // What a member says that is no bid counts as not decided.
        (_gave.Decides, _gave.Answer, _cbd.OnDecide) = (1, double.NaN, null);
        Assert.Equal(mpc * 1.25, Bid(input), 9);
    }

    [Fact]
    public void Without_futures_it_is_mpc()
    {
        PolicyInput input = Input();
        double mpc = Mpc(input);
        _session.OnRun = () => throw new InferenceException("broken", InferenceFault.Model);
        Assert.Equal(mpc, Bid(input));
        Assert.Equal(["market"], _failed);

        _models.Live = [.. _models.Live.Where(model => model.Name != "market")];
        Assert.Equal((mpc, "ensemble"), (Bid(input), _ensemble.Model));
        Assert.Equal(1, _gave.Calls);

        var alone = new EnsemblePolicy(null);
        Assert.Equal((mpc, "ensemble"), (Call.One(alone, input).Multiplier, alone.Model));
        Assert.Empty(alone.Members);
    }

    [Fact]
    public void Futures_that_are_no_numbers_leave_mpcs_answer()
    {
        PolicyInput input = Input();
        _session.Future = (_, sample, _, _) => sample == 1 ? float.NaN : 0;
        Assert.Equal(Mpc(input), Bid(input));
        Assert.Equal(["market"], _failed);
    }

    [Fact]
    public void Nobody_bids_beyond_where_the_curves_end()
    {
        double[] bids = [.. Enumerable.Range(0, 60).Select(i => 4 * Math.Pow(90 / 4.0, i / 59.0))];
        var prior = new PopulationPrior(bids, [.. bids.Select(Days.CostOf)], [.. bids.Select(Days.ValueOf)], Days.MeanValue, Days.Reference, default, 48 * Days.PerStep, 8);
        PolicyInput input = _days.Input(prior: prior, mode: PacingMode.SpendFirst, budget: 1000);
        Volume(-1.5f);
        (_gave.Answer, _cbd.Answer) = (1.5, 1.2);
        Assert.InRange(Bid(input), 0.8, 0.9001);
        Assert.NotNull(Call.One(_ensemble, input).Plan);
    }

    [Fact]
    public void A_reload_counts_from_the_next_call_on()
    {
        Assert.Equal("ensemble(gave/1, cbd/1, market/1)", _ensemble.Model);
        PolicyInput input = Input();
        double mpc = Mpc(input);
        Volume(-1.5f);
        (_gave.Answer, _cbd.Answer) = (mpc * 1.2, mpc);
        Assert.Equal(mpc * 1.5, Bid(input), 9);
        _models.Serve(new FakePolicy("gave") { Answer = mpc * 1.4 });
        Assert.Equal(mpc * 1.75, Bid(input), 9);
        _models.Live = [.. _models.Live.Where(model => model.Name != "gave")];
        Assert.Equal(mpc * 1.25, Bid(input), 9);
        Assert.Equal("ensemble(cbd/1, market/1)", _ensemble.Model);
    }

    [Fact]
    public void A_member_that_uses_up_the_time_leaves_mpcs_answer()
    {
        PolicyInput input = Input();
        double mpc = Mpc(input);
        _gave.OnDecide = () => _clock.Advance(TimeSpan.FromMilliseconds(60));
        PolicyDecision decision = Call.One(_ensemble, input, new DecisionScope(_clock, _clock.After(TimeSpan.FromMilliseconds(50)), 0));
        Assert.Equal((true, mpc), (decision.IsDecided, decision.Multiplier));
        Assert.Empty(_session.Runs);
        // Late before it begins: not even MPC decides.
        Assert.False(Call.One(_ensemble, input, new DecisionScope(_clock, 0, 0)).IsDecided);
    }

    [Fact]
    public void Cold_starts_finished_days_and_ranges_are_those_of_every_policy()
    {
        Assert.True(Call.One(_ensemble, _days.Input()).IsColdStart);
        Assert.Equal(0.7, Call.One(_ensemble, _days.Input(d => d.Steps(48, 0.8), Days.Prior(), last: 0.7)).Multiplier);
        Volume(-1.5f);
        PolicyInput narrow = _days.Input(prior: Days.Prior(), mode: PacingMode.SpendFirst, budget: 1000, max: 0.4);
        Assert.Equal(0.4, Bid(narrow), 9);
    }

    [Fact]
    public void Batches_and_order_change_nothing()
    {
        (_gave.Answer, _cbd.Answer) = (0.9, 1.1);
        int noise = _session.Index("noise");
        _session.Future = (row, sample, step, channel) => 0.2f * _session.Floats(noise)[row * 288 + sample * 144 + step * 3 + channel];
        PolicyInput[] inputs = [.. Enumerable.Range(0, 9).Select(i => _days.Random(100 + i))];
        double[] alone = [.. inputs.Select(Bid)];
        var decisions = new PolicyDecision[9];
        _ensemble.Decide([.. inputs.Reverse()], decisions, DecisionScope.Unbounded(_clock));
        Assert.Equal(alone.Reverse(), decisions.Select(decision => decision.Multiplier));
    }

    private PolicyInput Input(PacingMode mode = PacingMode.SpendFirst) => _days.Input(prior: Days.Prior(), mode: mode, budget: 1000);

    private void Volume(float latent) => _session.Future = (_, _, _, channel) => channel == MarketLatents.Volume ? latent : 0;

    private static double Mpc(PolicyInput input) => Call.One(new MpcPolicy(), input).Multiplier;

    private double Bid(PolicyInput input) => Call.One(_ensemble, input).Multiplier;
}
