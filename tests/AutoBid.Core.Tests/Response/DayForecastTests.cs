using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Response;

public sealed class DayForecastTests
{
    private const double PerStep = SyntheticMarket.PerDay / 48;

    private readonly SyntheticMarket _market = new();
    private readonly TrajectoryStore _store = new(48);
    private readonly DayForecast _forecast = new();

    [Theory]
    [InlineData(0.7)]
    [InlineData(1.5)]
    public void A_return_target_is_projected_like_the_cost_target_that_bids_the_same(double scale)
    {
        var store = new TrajectoryStore(48);
        var market = new SyntheticMarket();
        var dearer = new SyntheticMarket(medianPrice: 100);
        double cpa = scale * SyntheticMarket.Reference, roas = cpa / 30;
        int ofConversions = store.Rent(), ofRevenue = store.Rent();
        for (int s = 0; s < 20; s++)
        {
            dearer.Close(store, ofConversions, SyntheticMarket.PerDay / 48, 0.8, reference: cpa);
            dearer.Close(store, ofRevenue, SyntheticMarket.PerDay / 48, 0.8, level: 30, reference: roas);
        }

        DayForecast conversions = new(), revenue = new();
        conversions.Build(SyntheticMarket.Input(store, ofConversions, market.Prior()) with { Reference = cpa, FollowsPriceLevel = true });
        revenue.Build(SyntheticMarket.Input(store, ofRevenue, market.Prior()) with { Reference = roas, FollowsPriceLevel = true, ValueIsRevenue = true });
        foreach (double multiplier in (double[])[0.3, 0.6, 0.9, 1.4])
        {
            Assert.Equal(1, revenue.CostAt(multiplier) / conversions.CostAt(multiplier), 3);
            Assert.Equal(1, revenue.ValueAt(multiplier) / conversions.ValueAt(multiplier), 3);
        }
    }

    [Fact]
    public void The_prior_alone_projects_the_whole_day()
    {
        _forecast.Build(SyntheticMarket.Input(_store, _store.Rent(), _market.Prior()));

        Assert.True(_forecast.IsKnown);
        (double cost, double value) = _market.At(SyntheticMarket.Reference);
        Near(cost * SyntheticMarket.PerDay, _forecast.CostAt(1), 0.03);
        Near(value * SyntheticMarket.PerDay * SyntheticMarket.Reference, _forecast.ValueAt(1), 0.03);
    }

    [Fact]
    public void Nothing_known_is_said_so()
    {
        int block = _store.Rent();
        _forecast.Build(SyntheticMarket.Input(_store, block, null));
        Assert.False(_forecast.IsKnown);

        // A prior without a volume, before any traffic: every multiplier would look free.
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior(perDay: 0)));
        Assert.False(_forecast.IsKnown);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior(perDay: 0)) with { CurrentImpressions = PerStep });
        Assert.True(_forecast.IsKnown);
    }

    [Fact]
    public void A_finished_day_has_nothing_left_to_project()
    {
        int block = _store.Rent();
        for (int s = 0; s < 48; s++) _market.Close(_store, block, PerStep, 1);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Assert.False(_forecast.IsKnown);
        Assert.True(_forecast.Spent > 0);
    }

    [Fact]
    public void Recent_curve_rules_the_regime_and_the_prior_what_follows()
    {
        // Half way through a regime at level 2: 4 steps of it are left of the 44.
        int block = _store.Rent();
        for (int s = 0; s < 4; s++) _market.Close(_store, block, PerStep, 0.5, level: 2);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));

        double near = _market.At(60, level: 2).Cost, far = _market.At(60).Cost;
        Near(4 * PerStep * near + 40 * PerStep * far, _forecast.CostAt(0.6), 0.06);
    }

    [Fact]
    public void First_step_of_a_regime_shifts_the_prior_by_the_current_mean_value()
    {
        int block = _store.Rent();
        for (int s = 0; s < 8; s++) _market.Close(_store, block, PerStep, 0.5, level: 0.5);
        ForecastInput input = SyntheticMarket.Input(_store, block, _market.Prior()) with { CurrentMeanValue = 2 * _market.MeanValue, CurrentImpressions = PerStep };
        _forecast.Build(input);

        double near = _market.At(60, level: 2).Cost, far = _market.At(60).Cost;
        Near(8 * PerStep * near + 32 * PerStep * far, _forecast.CostAt(0.6), 0.06);

        // Unknown current value: the level reverts to the population's, not to the regime that ended.
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Near(40 * PerStep * far, _forecast.CostAt(0.6), 0.06);
    }

    [Fact]
    public void Unknown_regime_lets_the_recent_curve_fade()
    {
        int block = _store.Rent();
        for (int s = 0; s < 4; s++) _market.Close(_store, block, PerStep, 0.5, level: 2);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior(regimeSteps: 0)));

        double weight = Enumerable.Range(0, 44).Sum(k => Math.Exp(-k / 4.0));
        double near = _market.At(60, level: 2).Cost, far = _market.At(60).Cost;
        Near(PerStep * (weight * near + (44 - weight) * far), _forecast.CostAt(0.6), 0.06);
    }

    [Fact]
    public void Persistence_carries_the_campaigns_own_level_past_the_regime()
    {
        int block = _store.Rent();
        for (int s = 0; s < 8; s++) _market.Close(_store, block, PerStep, 0.5, level: 2);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior(persistence: 1)));
        Near(40 * PerStep * _market.At(60, level: 2).Cost, _forecast.CostAt(0.6), 0.06);
    }

    [Fact]
    public void Volume_follows_the_shape_and_the_days_factor_so_far()
    {
        int block = _store.Rent();
        for (int s = 0; s < 24; s++) _market.Close(_store, block, 2 * PerStep, 0.5);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        double factor = (2 * 24 + 1) / 25.0;
        Near(24 * factor * PerStep * _market.At(60).Cost, _forecast.CostAt(0.6), 0.04);
    }

    [Fact]
    public void The_running_step_counts_for_what_is_left_of_it()
    {
        int block = _store.Rent();
        for (int s = 0; s < 47; s++) _market.Close(_store, block, PerStep, 0.5);
        double spent = Spent(block);
        _store.SetOpen(block, new StepRow { Elapsed = 0.75f, Impressions = (float)(0.75 * PerStep), SumValue = (float)(0.75 * PerStep * _market.MeanValue), Cost = 3, LateCost = 2 });
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Near(spent + 5, _forecast.Spent, 1e-6);
        Near(0.25 * PerStep * _market.At(60).Cost, _forecast.CostAt(0.6), 0.04);
    }

    [Fact]
    public void A_few_opportunities_do_not_set_the_level()
    {
        int block = _store.Rent();
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        double before = _forecast.CostAt(0.6);
        _store.SetOpen(block, new StepRow { Elapsed = 0.001f, Impressions = 1, SumValue = (float)(20 * _market.MeanValue) });
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Assert.InRange(_forecast.CostAt(0.6), before, 1.3 * before);

        _store.SetOpen(block, new StepRow { Elapsed = 0.1f, Impressions = 5, SumValue = 0 });
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Near(before, _forecast.CostAt(0.6), 0.05);
    }

    [Fact]
    public void Realised_over_predicted_calibrates_and_late_spend_counts()
    {
        int dear = _store.Rent(), honest = _store.Rent();
        for (int s = 0; s < 24; s++)
        {
            _market.Close(_store, dear, PerStep, 0.5, realised: 1.5);
            _market.Close(_store, honest, PerStep, 0.5);
        }

        _forecast.Build(SyntheticMarket.Input(_store, honest, _market.Prior()));
        double expected = _forecast.CostAt(0.6), value = _forecast.ValueAt(0.6);
        _forecast.Build(SyntheticMarket.Input(_store, dear, _market.Prior()));
        Assert.InRange(_forecast.CostAt(0.6) / expected, 1.25, 1.5);
        Near(value, _forecast.ValueAt(0.6), 1e-9);

        int late = _store.Rent();
        for (int s = 0; s < 24; s++)
        {
            double cost = PerStep * _market.At(50).Cost;
            Span<float> costs = new float[24], values = new float[24];
            for (int k = 0; k < 24; k++)
            {
                (double c, double v) = _market.At(ResponseGrid.Multipliers[k] * 100);
                costs[k] = (float)(PerStep * c / SyntheticMarket.Budget);
                values[k] = (float)(PerStep * v * 100 / SyntheticMarket.Budget);
            }

            _store.Close(late, new StepRow
            {
                Impressions = (float)PerStep,
                SumValue = (float)(PerStep * _market.MeanValue),
                Multiplier = 0.5f,
                Signals = (float)PerStep,
                Cost = (float)(0.5 * cost),
                LateCost = (float)(0.5 * cost),
                ValueWon = (float)(PerStep * _market.At(50).Value),
                Elapsed = 1,
            }, costs, values);
        }

        _forecast.Build(SyntheticMarket.Input(_store, late, _market.Prior()));
        Near(expected, _forecast.CostAt(0.6), 1e-3);
    }

    [Fact]
    public void Curves_never_fall()
    {
        int block = _store.Rent();
        for (int s = 0; s < 3; s++) _market.Close(_store, block, PerStep, 0.5, level: 0.3);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        for (int i = 1; i < DayForecast.Points; i++)
        {
            Assert.True(_forecast.Cost[i] >= _forecast.Cost[i - 1]);
            Assert.True(_forecast.Value[i] >= _forecast.Value[i - 1]);
        }
    }

    [Fact]
    public void Without_a_prior_the_action_stays_on_the_points_that_were_given()
    {
        int block = ClosedWithPoints([40, 60, 90]);
        _forecast.Build(SyntheticMarket.Input(_store, block, null));
        Assert.True(_forecast.IsKnown);
        Assert.InRange(DayForecast.Multipliers[_forecast.FirstPoint], 0.3, 0.42);
        Assert.InRange(DayForecast.Multipliers[_forecast.LastPoint], 0.88, 1.1);
        Assert.InRange(PacingRules.SpendBudget(_forecast), 0.3, 1.1);
        Assert.InRange(PacingRules.BestScore(_forecast, true), 0.3, 1.1);
        Assert.InRange(PacingRules.MinPacing(_forecast), 0.3, 1.1);
    }

    [Fact]
    public void With_a_prior_the_curve_goes_on_past_its_points()
    {
        int block = ClosedWithPoints([40, 60, 90]);
        _forecast.Build(SyntheticMarket.Input(_store, block, _market.Prior()));
        Assert.Equal(DayForecast.Points - 1, _forecast.LastPoint);
        Near(47 * PerStep * _market.At(200).Cost, _forecast.CostAt(2), 0.08);
        Near(47 * PerStep * _market.At(20).Value * 100, _forecast.ValueAt(0.2), 0.15);
    }

    [Fact]
    public void A_prior_without_high_points_is_not_extrapolated()
    {
        var prior = new PopulationPrior([40, 60, 90], [0.001, 0.002, 0.003], [0.00003, 0.00005, 0.00007], 0.0005, 100, default, 100_000, 8);
        _forecast.Build(SyntheticMarket.Input(_store, _store.Rent(), prior, budget: 1e6));
        Assert.InRange(PacingRules.SpendBudget(_forecast), 0.85, 0.9);
    }

    private int ClosedWithPoints(double[] bids)
    {
        int block = _store.Rent();
        double[] cost = [.. bids.Select(b => PerStep * _market.At(b).Cost)], value = [.. bids.Select(b => PerStep * _market.At(b).Value)];
        float[] gridCost = new float[24], gridValue = new float[24];
        ResponsePoints.ResampleToGrid(bids, cost, value, SyntheticMarket.Reference, SyntheticMarket.Budget, gridCost, gridValue);
        _store.Close(block, new StepRow { Impressions = (float)PerStep, SumValue = (float)(PerStep * _market.MeanValue), Multiplier = 0.6f, Cost = (float)cost[1], ValueWon = (float)value[1], Elapsed = 1 }, gridCost, gridValue);
        return block;
    }

    private double Spent(int block)
    {
        double spent = 0;
        foreach (StepRow row in _store.View(block).Rows) spent += row.Cost;
        return spent;
    }

    private static void Near(double expected, double actual, double relative) => Assert.Equal(expected, actual, Math.Abs(expected) * relative);
}
