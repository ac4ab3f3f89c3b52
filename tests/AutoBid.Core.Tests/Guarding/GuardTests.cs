using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Guarding;

public sealed class GuardTests
{
    private static readonly Guard Guard = new(new GuardOptions());

    internal static GuardInput Plain() => new()
    {
        Raw = 1,
        Last = 1,
        Safe = 0.8,
        MinMultiplier = 0.05,
        MaxMultiplier = 4,
        Objective = Objective.TargetCpa,
        Mode = PacingMode.TargetFirst,
        Budget = 100,
        Spent = 10,
        StepsLeft = 24,
    };

    /// <summary>
    /// A forecast whose cost per value doubles with the bid: at multiplier m a unit of value costs about m x reference. <paramref name="spent"/> and
    /// <paramref name="won"/> (in currency) lie behind it.
    /// </summary>
    internal static DayForecast Forecast(double spent, double won, double budget = 100, double reference = 10)
    {
        double[] bid = new double[30], cost = new double[30], value = new double[30];
        for (int i = 0; i < 30; i++)
        {
            bid[i] = 0.5 * Math.Pow(1.2, i);
            value[i] = 0.0001 * bid[i];
            cost[i] = value[i] * bid[i];
        }

        var prior = new PopulationPrior(bid, cost, value, meanValue: 0.001, reference: 10, opportunitiesPerDay: 100_000);
        var store = new TrajectoryStore();
        int block = store.Rent();
        for (int s = 0; s < 24; s++)
            store.Close(block, new StepRow { Impressions = 2000, SumValue = 2, Cost = (float)(spent / 24), ValueWon = (float)(won / 24 / reference), Multiplier = 1, Elapsed = 1 });
        var forecast = new DayForecast();
        forecast.Build(new ForecastInput { Trajectory = store.View(block), Budget = budget, Reference = reference, Prior = prior });
        Assert.True(forecast.IsKnown);
        return forecast;
    }

    [Fact]
    public void Nothing_to_object_to()
        => Assert.Equal(new GuardResult(1, GuardReasons.None), Guard.Apply(Plain()));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(0)]
    [InlineData(-2)]
    public void What_is_no_multiplier_becomes_the_safe_one(double raw)
        => Assert.Equal(new GuardResult(0.8, GuardReasons.Nan), Guard.Apply(Plain() with { Raw = raw }));

    [Fact]
    public void A_safe_multiplier_that_is_no_number_becomes_the_lowest()
        => Assert.Equal(new GuardResult(0.5, GuardReasons.Nan | GuardReasons.Step), Guard.Apply(Plain() with { Raw = double.NaN, Safe = double.NaN }));

    [Theory]
    [InlineData(9, 2, GuardReasons.Step)]
    [InlineData(0.1, 0.5, GuardReasons.Step)]
    [InlineData(2, 2, GuardReasons.None)]
    public void A_tick_changes_it_by_at_most_a_factor(double raw, double expected, GuardReasons reasons)
        => Assert.Equal(new GuardResult(expected, reasons), Guard.Apply(Plain() with { Raw = raw }));

    [Theory]
    [InlineData(9, 4, GuardReasons.RangeMax)]
    [InlineData(0.001, 0.05, GuardReasons.RangeMin)]
    public void Without_a_last_one_only_the_range_limits(double raw, double expected, GuardReasons reasons)
        => Assert.Equal(new GuardResult(expected, reasons), Guard.Apply(Plain() with { Raw = raw, Last = 0 }));

    [Fact]
    public void Flags_that_change_nothing_are_listed()
        => Assert.Equal(
            new GuardResult(1, GuardReasons.Paused | GuardReasons.Schedule | GuardReasons.ColdStart),
            Guard.Apply(Plain() with { IsPaused = true, IsOffSchedule = true, IsColdStart = true }));

    [Fact]
    public void Stale_inputs_hold_it_at_the_safe_one()
    {
        Assert.Equal(new GuardResult(0.8, GuardReasons.StaleInputs), Guard.Apply(Plain() with { InputsAreStale = true }));
        Assert.Equal(new GuardResult(0.7, GuardReasons.None), Guard.Apply(Plain() with { Raw = 0.7, InputsAreStale = true }));
    }

    [Fact]
    public void A_spent_budget_bids_the_lowest()
        => Assert.Equal(new GuardResult(0.05, GuardReasons.Budget), Guard.Apply(Plain() with { Spent = 100 }));

    [Fact]
    public void A_step_that_runs_away_is_broken_to_the_safe_multiplier_or_half_the_last()
    {
        // Budget 100, 24 steps left: an even step is 3.75; 30 in half a step is 60 a step, above 15 and above 6 x 5 (what is left and this step's).
        GuardInput fast = Plain() with { Spent = 40, StepSpent = 30, StepElapsed = 0.5 };
        Assert.Equal(new GuardResult(0.5, GuardReasons.SpendRate), Guard.Apply(fast));
        Assert.Equal(new GuardResult(0.3, GuardReasons.SpendRate), Guard.Apply(fast with { Safe = 0.3 }));
        Assert.Equal(new GuardResult(0.8, GuardReasons.SpendRate), Guard.Apply(fast with { Last = 0 }));
        // Before a third of the step one expensive win is no rate; a step that spends slowly, or is the last, is left alone.
        Assert.Equal(GuardReasons.None, Guard.Apply(fast with { StepSpent = 4.9, StepElapsed = 0.01 }).Reasons);
        Assert.Equal(GuardReasons.None, Guard.Apply(fast with { StepSpent = 7 }).Reasons);
        Assert.Equal(GuardReasons.None, Guard.Apply(fast with { StepsLeft = 1 }).Reasons);
        Assert.Equal(GuardReasons.None, Guard.Apply(fast with { StepElapsed = 0 }).Reasons);
    }

    [Fact]
    public void TargetFirst_is_cut_to_what_keeps_the_target()
    {
        DayForecast forecast = Forecast(spent: 30, won: 20);
        GuardInput input = Plain() with { Forecast = forecast, Spent = 30 };
        GuardResult cut = Guard.Apply(input);
        Assert.Equal(GuardReasons.CpaProjection, cut.Reasons);
        Assert.Equal(PacingRules.MinPacing(forecast), cut.Multiplier, 5);
        Assert.InRange(cut.Multiplier, 0.06, 0.999);
        // What is cut keeps the target by the same forecast, or is the least bad there is.
        Assert.True(forecast.Spent + forecast.CostAt(cut.Multiplier) <= (forecast.ValueSoFar + forecast.ValueAt(cut.Multiplier)) * 1.021);
        Assert.Equal(GuardReasons.RoasProjection, Guard.Apply(input with { Objective = Objective.TargetRoas }).Reasons);
    }

    [Fact]
    public void SpendFirst_and_campaigns_without_a_target_know_no_cut()
    {
        GuardInput input = Plain() with { Forecast = Forecast(spent: 30, won: 20), Spent = 30 };
        Assert.Equal(GuardReasons.None, Guard.Apply(input with { Mode = PacingMode.SpendFirst }).Reasons);
        Assert.Equal(GuardReasons.None, Guard.Apply(input with { Objective = Objective.MaxConversions }).Reasons);
    }

    [Fact]
    public void Predictions_count_in_full_until_conversions_fall_significantly_short()
    {
        DayForecast forecast = Forecast(spent: 30, won: 40);
        GuardInput input = Plain() with { Raw = 0.9, Forecast = forecast, Spent = 30, ExpectedValue = 20 };
        // 20 expected: 12 may be chance (upper bound 22.8), 3 may not (upper bound 10.0).
        Assert.Equal(GuardReasons.None, Guard.Apply(input with { RealisedConversions = 12 }).Reasons);
        GuardResult cut = Guard.Apply(input with { RealisedConversions = 3 });
        Assert.Equal(GuardReasons.CpaProjection, cut.Reasons);
        Assert.True(cut.Multiplier < 0.9);
    }

    [Fact]
    public void Revenue_is_bounded_through_the_conversions_behind_it()
    {
        GuardInput input = Plain() with
        {
            Raw = 0.9,
            Forecast = Forecast(spent: 30, won: 40),
            Spent = 30,
            Objective = Objective.TargetRoas,
            ExpectedValue = 400,
        };
        Assert.Equal(GuardReasons.None, Guard.Apply(input with { RealisedConversions = 12, RealisedValue = 240 }).Reasons);
        Assert.Equal(GuardReasons.RoasProjection, Guard.Apply(input with { RealisedConversions = 3, RealisedValue = 60 }).Reasons);
        // Without a conversion there is nothing to scale with.
        Assert.Equal(GuardReasons.None, Guard.Apply(input with { RealisedConversions = 0, RealisedValue = 0 }).Reasons);
    }

    [Fact]
    public void Whatever_comes_in_the_result_is_a_number_inside_the_range()
    {
        DayForecast known = Forecast(30, 20), rich = Forecast(1, 60);
        DayForecast?[] forecasts = [null, known, rich];
        Prop.ForAll<(double Raw, double Last, double Safe, double Spent), (double StepSpent, double Elapsed, double Expected), (double Realised, double Value, byte Switches)>(
            (a, b, c) =>
            {
                GuardResult result = Guard.Apply(new GuardInput
                {
                    Raw = a.Raw,
                    Last = a.Last,
                    Safe = a.Safe,
                    MinMultiplier = 0.05,
                    MaxMultiplier = 4,
                    Objective = (Objective)(c.Switches % 3),
                    Mode = (c.Switches & 4) != 0 ? PacingMode.SpendFirst : PacingMode.TargetFirst,
                    Budget = 100,
                    Spent = a.Spent,
                    StepSpent = b.StepSpent,
                    StepElapsed = b.Elapsed,
                    StepsLeft = 1 + c.Switches % 48,
                    ExpectedValue = b.Expected,
                    RealisedConversions = c.Realised,
                    RealisedValue = c.Value,
                    Forecast = forecasts[c.Switches % forecasts.Length],
                    InputsAreStale = (c.Switches & 8) != 0,
                });
                return result.Multiplier is >= 0.05 and <= 4;
            }).Check(Checks.Config.WithMaxTest(3000));
    }

    [Fact]
    public void No_tick_raises_it_by_more_than_the_factor_and_TargetFirst_never_above_the_policy()
    {
        DayForecast forecast = Forecast(30, 20);
        Prop.ForAll<PositiveInt, PositiveInt, bool>((raw, last, withForecast) =>
        {
            double asked = raw.Get / 10.0, before = 0.05 + last.Get / 20.0 % 3.9;
            GuardResult result = Guard.Apply(Plain() with { Raw = asked, Last = before, Forecast = withForecast ? forecast : null, Spent = 30 });
            return result.Multiplier <= before * 2 + 1e-6 && result.Multiplier <= Math.Max(asked, before / 2) + 1e-6;
        }).Check(Checks.Config);
    }
}
