using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Tests.Shared;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Response;

public sealed class MarketFuturesTests
{
    private const double PerStep = SyntheticMarket.PerDay / 48;

    private readonly SyntheticMarket _market = new();
    private readonly TrajectoryStore _store = new(48);
    private readonly DayForecast _forecast = new();
    private readonly MarketFutures _futures = new();

    [Fact]
    public void A_market_as_expected_is_the_forecast()
    {
        ForecastInput input = SyntheticMarket.Input(_store, _store.Rent(), _market.Prior());
        Build(input, new float[2 * 144]);
        Assert.Equal(2, _futures.Samples);
        Same(input, 1e-3);
    }

    [Fact]
    public void A_day_that_goes_on_as_it_began_is_the_forecast()
    {
        // Inside a regime, at the level and the prices of the prior: the recent curve, the prior beyond it and the calibration are those of the forecast.
        int block = _store.Rent();
        for (int s = 0; s < 11; s++) _market.Close(_store, block, PerStep, 0.9, realised: 0.8);
        ForecastInput input = SyntheticMarket.Input(_store, block, _market.Prior()) with { CurrentImpressions = 1.2 * PerStep, CurrentMeanValue = _market.MeanValue };
        Build(input, Known(input, new float[144]));
        Same(input, 0.01);
    }

    [Fact]
    public void An_unknown_regime_hands_over_to_the_prior_as_the_forecast_does()
    {
        int block = _store.Rent();
        for (int s = 0; s < 11; s++) _market.Close(_store, block, PerStep, 0.9);
        ForecastInput input = SyntheticMarket.Input(_store, block, _market.Prior(regimeSteps: 0));
        Build(input, Known(input, new float[144]));
        Same(input, 0.02);
    }

    [Theory]
    [InlineData(0, 0.4)]
    [InlineData(1, 0.5)]
    [InlineData(2, 0.3)]
    public void Sampled_latents_mean_what_they_say(int channel, double latent)
    {
        float[] future = new float[144];
        for (int s = 0; s < 48; s++) future[3 * s + channel] = (float)latent;
        Build(SyntheticMarket.Input(_store, _store.Rent(), _market.Prior()), future);
        var truth = new SyntheticMarket(medianPrice: 80 * Math.Exp(channel == 2 ? latent : 0));
        (double cost, double value) = truth.At(90, Math.Exp(channel == 1 ? latent : 0));
        double day = SyntheticMarket.PerDay * Math.Exp(channel == 0 ? latent : 0);
        Near(day * cost, At(0.9).Cost, 0.03);
        Near(day * value * SyntheticMarket.Reference, At(0.9).Value, 0.03);
    }

    [Fact]
    public void The_recent_curve_moves_with_the_regime_that_a_sample_foresees()
    {
        // The prior is wrong by half; three steps of the day show it. Prices and values as in those steps, but for the sample's own moves.
        var truth = new SyntheticMarket(sigma: 0.3);
        int block = _store.Rent();
        for (int s = 0; s < 3; s++) truth.Close(_store, block, PerStep, 0.9, level: 1.3);
        ForecastInput input = SyntheticMarket.Input(_store, block, _market.Prior(regimeSteps: 48));
        float[] future = Known(input, new float[144]);
        float seen = Enumerable.Range(0, 3).Sum(s => future[3 * s + 2]) / 3;
        for (int s = 3; s < 48; s++) (future[3 * s + 1], future[3 * s + 2]) = ((float)Math.Log(1.3 * 1.2), seen + 0.1f);
        Build(input, future);
        (double cost, double value) = new SyntheticMarket(medianPrice: 80 * Math.Exp(0.1), sigma: 0.3).At(80, 1.3 * 1.2);
        Near(45 * PerStep * cost, At(0.8).Cost, 0.04);
        Near(45 * PerStep * value * SyntheticMarket.Reference, At(0.8).Value, 0.04);
    }

    [Fact]
    public void Of_the_running_step_only_what_is_left_counts()
    {
        int block = _store.Rent();
        _store.SetOpen(block, new StepRow { Elapsed = 0.25f, Cost = 100, ValueWon = 1 });
        ForecastInput input = SyntheticMarket.Input(_store, block, _market.Prior()) with { CurrentImpressions = 2 * PerStep };
        Build(input, new float[144]);
        (double cost, double value) = _market.At(100);
        Near(48.5 * PerStep * cost, At(1).Cost, 0.03);
        Near(48.5 * PerStep * value * 100, At(1).Value, 0.03);
        Assert.Equal(100, _futures.Spent);
        Assert.Equal(100, _futures.ValueSoFar, 3);
        Assert.Equal(SyntheticMarket.Budget - 100, _futures.Left);
    }

    [Fact]
    public void Steps_in_which_the_campaign_may_not_bid_bring_nothing()
    {
        ForecastInput input = SyntheticMarket.Input(_store, _store.Rent(), _market.Prior());
        Build(input, new float[144]);
        double whole = At(1).Cost;
        Build(input with { ClosedSteps = ~0UL << 24 }, new float[144]);
        Near(whole / 2, At(1).Cost, 1e-6);
        Build(input with { ClosedSteps = ~0UL }, new float[144]);
        Assert.False(_futures.IsKnown);
    }

    [Fact]
    public void Nothing_known_is_said_so()
    {
        int block = _store.Rent();
        Build(SyntheticMarket.Input(_store, block, null), new float[144]);
        Assert.False(_futures.IsKnown);
        Build(SyntheticMarket.Input(_store, block, _market.Prior(perDay: 0)), new float[144]);
        Assert.False(_futures.IsKnown);
        Build(SyntheticMarket.Input(_store, block, _market.Prior(perDay: 0)) with { CurrentImpressions = PerStep }, new float[144]);
        Assert.True(_futures.IsKnown);
        for (int s = 0; s < 48; s++) _market.Close(_store, block, PerStep, 1);
        Build(SyntheticMarket.Input(_store, block, _market.Prior()), new float[144]);
        Assert.False(_futures.IsKnown);
    }

    [Fact]
    public void Curves_never_fall() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        ForecastInput input = Random(seed, out float[] futures);
        Build(input, futures);
        for (int m = 0; m < _futures.Samples && _futures.IsKnown; m++)
        {
            foreach (double[] curve in (double[][])[_futures.Cost(m).ToArray(), _futures.Value(m).ToArray()])
            {
                if (!curve.All(double.IsFinite) || curve[0] < 0 || curve.Zip(curve.Skip(1)).Any(x => x.Second < x.First)) return false;
            }
        }

        return true;
    }).Check(Checks.Config);

    [Fact]
    public void Planned_spend_never_exceeds_what_is_left() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        ForecastInput input = Random(seed, out float[] futures);
        Build(input, futures);
        double[] spend = new double[48 - input.Trajectory.Closed], value = new double[spend.Length];
        if (!_futures.IsKnown) return true;
        _futures.Flows(1.3, spend, value);
        return spend.All(x => x >= 0) && value.All(x => x >= 0) && spend.Sum() <= _futures.Left * (1 + 1e-9) + 1e-9;
    }).Check(Checks.Config);

    [Fact]
    public void Flows_that_the_budget_does_not_cut_add_up_to_the_curves()
    {
        float[] futures = [.. Enumerable.Range(0, 3 * 144).Select(i => 0.1f * (i % 7 - 3))];
        Build(SyntheticMarket.Input(_store, _store.Rent(), _market.Prior(), budget: 1e9), futures);
        double[] spend = new double[48], value = new double[48];
        _futures.Flows(DayForecast.Multipliers[110], spend, value);
        Near(Enumerable.Range(0, 3).Average(m => _futures.Cost(m)[110]), spend.Sum(), 1e-3);
        Near(Enumerable.Range(0, 3).Average(m => _futures.Value(m)[110]), value.Sum(), 1e-3);
    }

    private static void Near(double expected, double actual, double tolerance) => Assert.InRange(actual, expected * (1 - tolerance), expected * (1 + tolerance));

    private void Build(in ForecastInput input, float[] futures) => _futures.Build(input, futures);

    /// <summary>A future whose known entries are those of the day.</summary>
    private static float[] Known(in ForecastInput input, float[] future)
    {
        float[] market = new float[144], known = new float[144];
        MarketLatents.Write(input, market, known, new float[48], new float[48]);
        for (int i = 0; i < 144; i++) future[i] += market[i] * known[i];
        return future;
    }

    private (double Cost, double Value) At(double multiplier)
    {
        ReadOnlySpan<double> cost = _futures.Cost(0), value = _futures.Value(0);
        double at = Math.Log(multiplier / 0.05) / Math.Log(80) * 159;
        int i = (int)at;
        return (cost[i] + (at - i) * (cost[i + 1] - cost[i]), value[i] + (at - i) * (value[i + 1] - value[i]));
    }

    private void Same(in ForecastInput input, double tolerance)
    {
        _forecast.Build(input);
        Assert.True(_futures.IsKnown);
        Assert.Equal((_forecast.Spent, _forecast.ValueSoFar, _forecast.Left), (_futures.Spent, _futures.ValueSoFar, _futures.Left));
        for (int m = 0; m < _futures.Samples; m++)
        {
            for (int i = 20; i < DayForecast.Points; i++)
            {
                Near(_forecast.Cost[i], _futures.Cost(m)[i], tolerance);
                Near(_forecast.Value[i], _futures.Value(m)[i], tolerance);
            }
        }

        Assert.Equal(_forecast.LastPoint, _futures.LastPoint);
    }

    private ForecastInput Random(int seed, out float[] futures)
    {
        var random = new Random(seed);
        int block = _store.Rent();
        int closed = random.Next(0, 48);
        for (int s = 0; s < closed; s++)
            _market.Close(_store, block, PerStep * Math.Pow(10, 2 * random.NextDouble() - 1), 0.1 + 2 * random.NextDouble(), Math.Exp(2 * random.NextDouble() - 1), random.Next(4) > 0, random.NextDouble() * 2);
        futures = new float[random.Next(1, 5) * 144];
        // Also beyond the bounds of the latents.
        for (int i = 0; i < futures.Length; i++) futures[i] = (float)(6 * random.NextDouble() - 3);
        return SyntheticMarket.Input(_store, block, _market.Prior(random.Next(3) * 4), Math.Pow(10, 5 * random.NextDouble())) with
        {
            ClosedSteps = random.Next(3) == 0 ? (ulong)random.NextInt64() : 0,
            CurrentImpressions = random.Next(2) * PerStep * random.NextDouble(),
        };
    }
}
