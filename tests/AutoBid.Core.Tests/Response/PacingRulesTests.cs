using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Response;

public sealed class PacingRulesTests
{
    private const double PerStep = SyntheticMarket.PerDay / 48;

    /// <summary>Costs money at every bid: cost b^2, value b.</summary>
    private static readonly PopulationPrior Power = new([1, 1000], [1e-7, 0.1], [1e-7, 1e-4], 0.0005, 100, default, SyntheticMarket.PerDay, 8);

    private readonly SyntheticMarket _market = new();
    private readonly TrajectoryStore _store = new();
    private readonly DayForecast _forecast = new();

    [Fact]
    public void Budget_root_spends_what_is_left()
    {
        int block = Day(12, 0.8);
        Build(block, 3000);
        double multiplier = PacingRules.SpendBudget(_forecast);
        Assert.Equal(_forecast.Left, _forecast.CostAt(multiplier), 0.01 * _forecast.Left);
    }

    [Fact]
    public void Budget_root_between_the_two_lowest_points_is_found()
    {
        _forecast.Build(SyntheticMarket.Input(_store, _store.Rent(), Power));
        double left = (_forecast.Cost[0] + _forecast.Cost[1]) / 2;
        _forecast.Build(SyntheticMarket.Input(_store, _store.Rent(), Power, left));
        double multiplier = PacingRules.SpendBudget(_forecast);
        Assert.InRange(multiplier, DayForecast.Multipliers[0] * 1.0001, DayForecast.Multipliers[1] * 0.9999);
    }

    [Fact]
    public void A_budget_that_cannot_be_spent_asks_for_the_highest_bid_and_none_for_the_lowest()
    {
        Build(_store.Rent(), 1e9);
        Assert.Equal(4, PacingRules.SpendBudget(_forecast), 9);
        _forecast.Build(SyntheticMarket.Input(_store, Day(10, 3), Power, 1));
        Assert.Equal(0, _forecast.Left);
        Assert.Equal(0.05, PacingRules.SpendBudget(_forecast), 9);
    }

    [Fact]
    public void Min_pacing_takes_the_largest_root()
    {
        // Early steps bought above the target: slack is below 0, and cost - value meets it twice.
        var dear = new SyntheticMarket(medianPrice: 110);
        int block = _store.Rent();
        for (int s = 0; s < 2; s++) dear.Close(_store, block, PerStep, 2.5, curve: false);
        _forecast.Build(SyntheticMarket.Input(_store, block, dear.Prior(), 1e7));
        double slack = _forecast.ValueSoFar - _forecast.Spent;
        Assert.True(slack < 0);
        double[] excess = [.. Enumerable.Range(0, DayForecast.Points).Select(i => _forecast.Cost[i] - _forecast.Value[i])];
        Assert.True(excess.Min() < slack);
        int crossings = Enumerable.Range(1, excess.Length - 1).Count(i => excess[i - 1] <= slack != excess[i] <= slack);
        Assert.Equal(2, crossings);

        double multiplier = PacingRules.MinPacing(_forecast);
        int last = Enumerable.Range(0, excess.Length).Last(i => excess[i] <= slack);
        Assert.InRange(multiplier, DayForecast.Multipliers[last], DayForecast.Multipliers[last + 1]);
    }

    [Fact]
    public void Slack_below_zero_early_does_not_deadlock_at_the_lowest_bid()
    {
        // The first step paid far above the target, more than the rest of the day can repair.
        int block = _store.Rent();
        _store.Close(block, new StepRow { Impressions = (float)PerStep, SumValue = (float)(PerStep * _market.MeanValue), Multiplier = 1, Cost = 9000, ValueWon = 0.01f, Elapsed = 1 });
        Build(block, 1e6);
        double[] excess = [.. Enumerable.Range(0, DayForecast.Points).Select(i => _forecast.Cost[i] - _forecast.Value[i])];
        Assert.True(excess.Min() > _forecast.ValueSoFar - _forecast.Spent);

        double multiplier = PacingRules.MinPacing(_forecast);
        Assert.Equal(DayForecast.Multipliers[Array.IndexOf(excess, excess.Min())], multiplier, 12);
        Assert.True(multiplier > 0.5);
    }

    [Fact]
    public void Min_pacing_is_bound_by_the_budget()
    {
        int block = Day(4, 0.8);
        Build(block, 1e7);
        double free = PacingRules.MinPacing(_forecast);
        Build(block, _forecast.Spent + 200);
        Assert.Equal(PacingRules.SpendBudget(_forecast), PacingRules.MinPacing(_forecast), 12);
        Assert.True(PacingRules.MinPacing(_forecast) < free);
    }

    [Theory]
    [InlineData(true, 0, 1, 2000)]
    [InlineData(true, 6, 1.6, 2000)]
    [InlineData(true, 20, 0.6, 1200)]
    [InlineData(true, 20, 2.2, 9000)]
    [InlineData(false, 20, 0.6, 1200)]
    [InlineData(false, 0, 1, 50)]
    public void Best_score_matches_brute_force(bool hasTarget, int closed, double executed, double budget)
    {
        Build(Day(closed, executed), budget);
        double best = 0;
        for (double log = Math.Log(0.05); log <= Math.Log(4); log += 0.0005) best = Math.Max(best, Score(Math.Exp(log), hasTarget));
        double found = Score(PacingRules.BestScore(_forecast, hasTarget), hasTarget);
        Assert.Equal(best, found, 0.002 * best);
    }

    [Fact]
    public void Every_rule_is_monotone_in_budget()
    {
        Prop.ForAll(Gen.Choose(1, 1_000_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            int block = Day(random.Next(0, 40), 0.3 + random.NextDouble());
            double low = 500 + 3000 * random.NextDouble(), high = low * (1 + 2 * random.NextDouble());
            // Curves are stored in shares of the budget: only the forecast's own budget moves here, which a prior-led forecast allows.
            Build(block, low);
            double spend = PacingRules.SpendBudget(_forecast), min = PacingRules.MinPacing(_forecast), free = PacingRules.BestScore(_forecast, false);
            Build(block, high);
            return PacingRules.SpendBudget(_forecast) >= spend - 1e-12 && PacingRules.MinPacing(_forecast) >= min - 1e-12
                && PacingRules.BestScore(_forecast, false) >= free - 1e-12;
        }).Check(Checks.Config);
    }

    private double Score(double multiplier, bool hasTarget)
    {
        double cost = _forecast.CostAt(multiplier);
        double share = cost > _forecast.Left ? _forecast.Left / cost : 1;
        double value = _forecast.ValueSoFar + share * _forecast.ValueAt(multiplier), spent = _forecast.Spent + share * cost;
        double ratio = spent > 0 ? value / spent : 1;
        return value * (hasTarget ? Math.Min(1, ratio * ratio) : 1);
    }

    private int Day(int closed, double multiplier)
    {
        int block = _store.Rent();
        for (int s = 0; s < closed; s++) _market.Close(_store, block, PerStep, multiplier, curve: false);
        return block;
    }

    private void Build(int block, double budget) => _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior(), budget));
}
