using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Guarding;

/// <summary>What the guard promises (design.md section 4), over random days: any history, any curves, any evidence.</summary>
public sealed class GuardPromiseTests
{
    private static readonly Guard Guard = new(new GuardOptions());

    private static readonly double[] Bad = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -double.MaxValue, double.Epsilon, 0, -1];

    /// <summary>A day somewhere between its first and last step, with curves of its own and a prior, from one seed.</summary>
    private static DayForecast Day(int seed, double targetFactor = 1)
    {
        var random = new Random(seed);
        double reference = 10, slope = 0.5 + random.NextDouble(), scale = Math.Exp(2 * random.NextDouble() - 1);
        double[] bid = new double[40], cost = new double[40], value = new double[40];
        for (int i = 0; i < 40; i++)
        {
            bid[i] = 0.2 * Math.Pow(1.18, i);
            value[i] = i == 0 ? 1e-5 : value[i - 1] + 1e-4 * random.NextDouble() * Math.Pow(1.18, i * slope);
            cost[i] = i == 0 ? 1e-6 : cost[i - 1] + (value[i] - value[i - 1]) * bid[i] * (0.4 + 0.6 * random.NextDouble());
        }

        var prior = new PopulationPrior(bid, cost, value, meanValue: 0.001, reference: 10, opportunitiesPerDay: 20_000 * scale, regimeSteps: random.Next(2) * 8);
        var store = new TrajectoryStore();
        int block = store.Rent(), closed = random.Next(0, 47);
        double luck = Math.Exp(random.NextDouble() - 0.5);
        for (int s = 0; s < closed; s++)
        {
            float spent = (float)(2 * random.NextDouble());
            store.Close(block, new StepRow { Impressions = 400, SumValue = 0.4f, Cost = spent, ValueWon = (float)(spent * luck / 10), Multiplier = 1, Elapsed = 1 });
        }

        var forecast = new DayForecast();
        forecast.Build(new ForecastInput { Trajectory = store.View(block), Budget = 100, Reference = reference * targetFactor, Prior = prior });
        return forecast;
    }

    private static GuardInput Input(int seed)
    {
        var random = new Random(seed);
        double Any(double scale) => scale * Math.Exp(3 * random.NextDouble() - 1.5);
        DayForecast forecast = Day(seed);
        double expected = Any(20);
        return GuardTests.Plain() with
        {
            Raw = Any(1),
            Last = random.Next(4) == 0 ? 0 : Any(1),
            Safe = Math.Min(Any(0.7), 1),
            Spent = forecast.Spent,
            StepSpent = random.Next(3) * Any(2),
            StepElapsed = random.NextDouble(),
            StepsLeft = 1 + random.Next(48),
            ExpectedValue = expected,
            PendingValue = expected * random.NextDouble(),
            CarriedValue = random.Next(2) * Any(5),
            RealisedConversions = random.Next(40),
            Forecast = forecast,
            InputsAreStale = random.Next(6) == 0,
            IsColdStart = random.Next(6) == 0,
        };
    }

    private static double Apply(in GuardInput input) => Guard.Apply(input).Multiplier;

    private static void Check(Func<int, bool> holds, int tests = 1500) => Prop.ForAll(ArbMap.Default.ArbFor<int>(), holds).Check(Checks.Config.WithMaxTest(tests).WithEndSize(1_000_000));

    [Fact]
    public void The_result_is_a_number_inside_the_range()
        => Check(seed =>
        {
            var random = new Random(seed);
            double low = 0.01 + random.NextDouble(), high = low + 3 * random.NextDouble();
            return Apply(Input(seed) with { MinMultiplier = low, MaxMultiplier = high }) is var m && m >= low && m <= high;
        });

    [Fact]
    public void What_is_no_number_anywhere_cannot_get_out()
        => Check(seed =>
        {
            var random = new Random(seed);
            GuardInput input = Input(seed);
            // One to three fields at a time, so that each meets sound ones too.
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                double bad = Bad[random.Next(Bad.Length)];
                input = random.Next(13) switch
                {
                    0 => input with { Raw = bad },
                    1 => input with { Last = bad },
                    2 => input with { Safe = bad },
                    3 => input with { Budget = bad },
                    4 => input with { Spent = bad },
                    5 => input with { StepSpent = bad },
                    6 => input with { StepElapsed = bad },
                    7 => input with { ExpectedValue = bad },
                    8 => input with { PendingValue = bad },
                    9 => input with { CarriedValue = bad },
                    10 => input with { RealisedConversions = bad },
                    11 => input with { RealisedValue = bad, Objective = Objective.TargetRoas },
                    _ => input with { StepsLeft = random.Next(2) == 0 ? int.MinValue : int.MaxValue },
                };
            }

            return Apply(input) is >= 0.05 and <= 4;
        }, 5000);

    [Fact]
    public void TargetFirst_goes_no_higher_than_what_the_forecast_says_keeps_the_target()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { ExpectedValue = 0, PendingValue = 0, CarriedValue = 0 };
            double m = Apply(input);
            DayForecast forecast = input.Forecast!;
            double cost = forecast.CostAt(m), share = cost > forecast.Left ? forecast.Left / cost : 1;
            bool keeps = forecast.Spent + share * cost <= (forecast.ValueSoFar + share * forecast.ValueAt(m)) * 1.0201 + 1e-9;
            // Where no multiplier keeps it, the one that misses by least.
            return keeps || m <= Math.Max(PacingRules.MinPacing(forecast), input.MinMultiplier) * 1.001;
        });

    [Fact]
    public void SpendFirst_knows_no_cut_to_the_target()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { Mode = PacingMode.SpendFirst };
            GuardResult with = Guard.Apply(input), without = Guard.Apply(input with { Forecast = null });
            return with == without && (with.Reasons & (GuardReasons.CpaProjection | GuardReasons.RoasProjection)) == 0;
        });

    [Fact]
    public void No_tick_raises_it_by_more_than_the_factor()
        => Check(seed =>
        {
            GuardInput input = Input(seed);
            return input.Last <= 0 || Apply(input) <= Math.Max(Math.Clamp(input.Last, 0.05, 4) * 2, input.MinMultiplier) + 1e-6;
        });

    [Fact]
    public void No_tick_lowers_it_by_more_than_the_factor_unless_target_budget_or_breaker_ask_for_it()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { Mode = PacingMode.SpendFirst, StepSpent = 0, Spent = 10 };
            return input.Last is <= 0 or > 4 || Apply(input) >= Math.Min(Math.Max(input.Last / 2, 0.05), 4) - 1e-6;
        });

    [Fact]
    public void A_step_that_runs_away_never_goes_on_above_the_safe_multiplier()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { StepSpent = 60, StepElapsed = 0.5, StepsLeft = 20 };
            return Apply(input) <= Math.Max(input.Safe, input.MinMultiplier) + 1e-6;
        });

    [Fact]
    public void Stale_inputs_never_bid_above_the_safe_multiplier_or_half_the_last()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { InputsAreStale = true };
            // From a high multiplier it comes down step by step.
            return Apply(input) <= Math.Min(Math.Max(Math.Max(input.Safe, input.Last / 2), input.MinMultiplier), 4) + 1e-6;
        });

    [Fact]
    public void A_cold_start_is_marked_and_changes_nothing()
        => Check(seed =>
        {
            GuardInput input = Input(seed);
            GuardResult cold = Guard.Apply(input with { IsColdStart = true }), warm = Guard.Apply(input with { IsColdStart = false });
            return cold.Multiplier == warm.Multiplier && cold.Reasons == (warm.Reasons | GuardReasons.ColdStart);
        });

    [Fact]
    public void More_conversions_never_lower_it()
        => Check(seed =>
        {
            GuardInput input = Input(seed);
            double before = 0;
            for (int n = 0; n <= 40; n += 4)
            {
                double m = Apply(input with { RealisedConversions = n });
                if (m < before - 1e-6) return false;
                before = m;
            }

            // Revenue likewise, from its first conversion on, at one mean value.
            input = input with { Objective = Objective.TargetRoas };
            before = 0;
            for (int n = 1; n <= 41; n += 4)
            {
                double m = Apply(input with { RealisedConversions = n, RealisedValue = 1.3 * n });
                if (m < before - 1e-6) return false;
                before = m;
            }

            return true;
        }, 600);

    [Fact]
    public void More_that_was_due_never_raises_it_and_more_that_is_pending_never_lowers_it()
        => Check(seed =>
        {
            GuardInput input = Input(seed);
            double m = Apply(input);
            return Apply(input with { PendingValue = input.PendingValue + (input.ExpectedValue - input.PendingValue) / 2 }) >= m - 1e-6
                && Apply(input with { CarriedValue = input.CarriedValue + 3 }) <= m + 1e-6;
        });

    [Fact]
    public void Without_delays_nothing_is_different()
        => Check(seed =>
        {
            GuardInput input = Input(seed) with { PendingValue = 0, CarriedValue = 0 };
            GuardInput shifted = input with { PendingValue = input.ExpectedValue, CarriedValue = input.ExpectedValue };
            return Guard.Apply(input) == Guard.Apply(shifted);
        });

    [Fact]
    public void Raising_the_target_never_lowers_the_bid()
        => Check(seed =>
        {
            var random = new Random(seed);
            double factor = 1 + random.NextDouble();
            // The policy asks for the same price in both; a multiplier is relative to the target.
            double price = 10 * Math.Exp(2 * random.NextDouble() - 1);
            GuardInput low = Input(seed) with { Last = 0, Raw = price / 10, StepSpent = 0, MinMultiplier = 0.05, InputsAreStale = false };
            GuardInput high = low with { Raw = price / (10 * factor), Forecast = Day(seed, factor) };
            // One point of the forecast's grid is 2.8 %.
            return Apply(high) * factor >= Math.Min(Apply(low), 4 / factor) * 0.97 || Apply(high) * factor >= 0.05 * factor && Apply(low) <= 0.05 * factor;
        });
}
