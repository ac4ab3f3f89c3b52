using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using AutoBid.Tests.Shared;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Response;

public sealed class FutureRulesTests
{
    private const double PerStep = SyntheticMarket.PerDay / 48;

    private readonly SyntheticMarket _market = new();
    private readonly TrajectoryStore _store = new(48);
    private readonly MarketFutures _futures = new();

    [Theory]
    [InlineData(double.NaN, 20)]
    [InlineData(20, double.NaN)]
    public void A_rest_of_the_day_that_is_no_number_is_worth_less_than_any(double cost, double value)
        => Assert.All([ScoreRule.Value, ScoreRule.Score, ScoreRule.Steep], rule => Assert.Equal(double.NegativeInfinity, rule.Of(10, 5, 100, cost, value)));

    [Theory]
    [InlineData(500)]
    [InlineData(2000)]
    [InlineData(4000)]
    [InlineData(1e7)]
    public void Samples_that_agree_are_decided_as_the_forecast_is(double budget)
    {
        var forecast = new DayForecast();
        ForecastInput input = SyntheticMarket.Input(_store, _store.Rent(), _market.Prior(), budget);
        forecast.Build(input);
        _futures.Build(input, new float[5 * 144]);
        Assert.Equal(PacingRules.BestScore(forecast, true), FutureRules.Best(_futures, ScoreRule.Score, out double score), 2);
        Assert.Equal(PacingRules.BestScore(forecast, false), FutureRules.Best(_futures, ScoreRule.Value, out _), 2);
        Assert.Equal(1, FutureRules.Promise(_futures, ScoreRule.Score, score), 9);
    }

    [Fact]
    public void The_best_constant_is_the_best_of_a_brute_search() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        foreach (ScoreRule rule in (ScoreRule[])[ScoreRule.Value, ScoreRule.Score, ScoreRule.Steep])
        {
            _futures.Build(Day(seed, out float[] futures), futures);
            double found = FutureRules.Best(_futures, rule, out double score);
            double brute = Enumerable.Range(0, 501).Max(i => FutureRules.ScoreAt(_futures, rule, 0.05 * Math.Pow(80, i / 500.0)));
            if (score < brute * 0.995 || Math.Abs(FutureRules.ScoreAt(_futures, rule, found) - score) > 1e-9 * score + 1e-12) return false;
        }

        return true;
    }).Check(Checks.Config);

    [Fact]
    public void More_spread_never_raises_what_is_promised() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        // Two groups of futures apart from each other against the same futures in one: who does not know which group it will be cannot do better.
        ForecastInput input = Day(seed, out float[] both);
        float[] one = both[..(2 * 144)], other = both[(2 * 144)..];
        double mean = 0;
        foreach (float[] part in (float[][])[one, other])
        {
            _futures.Build(input, part);
            FutureRules.Best(_futures, ScoreRule.Score, out double alone);
            mean += alone / 2;
        }

        _futures.Build(input, both);
        FutureRules.Best(_futures, ScoreRule.Score, out double score);
        double promise = FutureRules.Promise(_futures, ScoreRule.Score, score);
        return score <= mean * (1 + 0.005) && promise is > 0 and <= 1;
    }).Check(Checks.Config);

    [Fact]
    public void A_steep_rule_bids_less_where_the_target_may_be_missed()
    {
        ForecastInput input = SyntheticMarket.Input(_store, _store.Rent(), _market.Prior(), 1e7);
        float[] futures = new float[4 * 144];
        // In half of the futures everything costs more.
        for (int i = 2; i < 2 * 144; i += 3) futures[i] = 0.8f;
        _futures.Build(input, futures);
        double score = FutureRules.Best(_futures, ScoreRule.Score, out _), steep = FutureRules.Best(_futures, ScoreRule.Steep, out _);
        Assert.True(steep < 0.9 * score, $"{steep} against {score}");
        // Its worst future keeps the target but for a few per cent.
        int at = Array.FindIndex(DayForecast.Multipliers, m => m >= steep);
        double cost = _futures.Cost(0)[at], value = _futures.Value(0)[at];
        Assert.True(cost < 1.1 * value, $"{cost / value}");
    }

    [Fact]
    public void Every_campaign_has_its_rule()
    {
        Assert.Equal(ScoreRule.Value, ScoreRule.Of(false, PacingMode.TargetFirst));
        Assert.Equal(ScoreRule.Score, ScoreRule.Of(true, PacingMode.SpendFirst));
        Assert.Equal(ScoreRule.Steep, ScoreRule.Of(true, PacingMode.TargetFirst));
    }

    /// <summary>A day begun, with four futures.</summary>
    private ForecastInput Day(int seed, out float[] futures)
    {
        var random = new Random(seed);
        int block = _store.Rent(), closed = random.Next(0, 40);
        for (int s = 0; s < closed; s++) _market.Close(_store, block, PerStep * (0.5 + random.NextDouble()), 0.3 + random.NextDouble(), Math.Exp(random.NextDouble() - 0.5));
        futures = new float[4 * 144];
        for (int m = 0; m < 4; m++)
        {
            double dearer = random.NextDouble() - 0.5;
            for (int s = 0; s < 48; s++)
            {
                int at = m * 144 + 3 * s;
                (futures[at], futures[at + 1], futures[at + 2]) = ((float)(random.NextDouble() - 0.5), (float)(2 * random.NextDouble() - 1), (float)(dearer + 0.2 * random.NextDouble()));
            }
        }

        return SyntheticMarket.Input(_store, block, _market.Prior(), 200 * Math.Pow(20, random.NextDouble()));
    }
}
