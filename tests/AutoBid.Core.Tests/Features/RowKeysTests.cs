using System.Runtime.InteropServices;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Features;

public sealed class RowKeysTests
{
    private const int Window = 12;

    private static readonly IFeatureBuilder[] Builders = [new ScaleFreeFeatures(1), new ScaleFreeFeatures(2), new AuctionNetFeatures()];

    /// <summary>The one thing that matters: equal keys, equal rows. Days and changes at random; what is changed is anything that a forecast might read.</summary>
    [Fact]
    public void Rows_with_equal_keys_are_equal_to_the_bit()
    {
        int equal = 0, recalibrated = 0;
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), seed =>
        {
            var random = new Random(seed);
            var day = KeyedDay.At(random);
            (FeatureInput before, bool knewStep) = day.Input();
            int first = Math.Max(0, before.Forecast.Trajectory.Closed - Window + 1), closed = before.Forecast.Trajectory.Closed;
            Rows was = Rows.Of(before, knewStep, first);
            day.Change(random);
            (FeatureInput after, bool knowsStep) = day.Input();
            int firstAfter = Math.Max(0, after.Forecast.Trajectory.Closed - Window + 1);
            Rows now = Rows.Of(after, knowsStep, firstAfter);
            for (int step = Math.Max(first, firstAfter); step <= Math.Min(closed, after.Forecast.Trajectory.Closed); step++)
            {
                if (was.Keys[step] != now.Keys[step]) continue;
                equal++;
                for (int b = 0; b < Builders.Length; b++)
                {
                    float[] row = [.. was.Raw[b, step]];
                    if (after.Forecast.Prior is not null) Builders[b].Calibrate(was.Plain[b, step], now.Ratios[step].Cost, now.Ratios[step].Value, row);
                    if (was.Ratios[step] != now.Ratios[step]) recalibrated++;
                    if (!MemoryMarshal.AsBytes(row.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(now.Raw[b, step].AsSpan()))) return false;
                }
            }

            return true;
        }).Check(Checks.Config.WithMaxTest(2000));
        // A property of rows that never have equal keys would say nothing.
        Assert.True(equal > 5000 && recalibrated > 100, $"{equal} rows with equal keys, {recalibrated} of them under another calibration");
    }

    [Fact]
    public void A_step_that_closes_leaves_the_rows_before_it_their_keys_though_a_curve_ages_out()
    {
        KeyedDay day = KeyedDay.Plain(closed: 24);
        Rows before = Of(day);
        day.Close(new Random(5), mayBeOdd: false);
        Rows after = Of(day);
        // The row of step 24 was made at the very start of its step: it keeps its key too.
        for (int step = 14; step <= 24; step++) Assert.Equal(before.Keys[step], after.Keys[step]);
        Assert.NotEqual(before.Ratios[20], after.Ratios[20]);
    }

    [Fact]
    public void Equal_contents_have_equal_keys_whoever_holds_them()
    {
        Rows one = Of(KeyedDay.Plain(closed: 15)), other = Of(KeyedDay.Plain(closed: 15));
        Assert.Equal(one.Keys[4..16], other.Keys[4..16]);
        Assert.Equal(12, one.Keys[4..16].Distinct().Count());
    }

    public static TheoryData<string> Settings => ["budget", "reference", "prior", "hours", "mode", "objective", "revenue", "row 0", "range"];

    [Theory]
    [MemberData(nameof(Settings))]
    public void What_every_row_is_made_from_changes_every_key(string what)
    {
        KeyedDay day = KeyedDay.Plain(closed: 15);
        Rows before = Of(day);
        double[] range = [];
        switch (what)
        {
            case "budget": day.Budget *= 1.01; break;
            case "reference": day.Reference *= 1.01; break;
            case "prior": day.Prior = KeyedDay.PriorOf(8, 0.00201); break;
            case "hours": day.ClosedSteps = 1UL << 47; break;
            case "mode": day.TargetFirst ^= true; break;
            case "objective": day.HasTarget ^= true; break;
            case "revenue": day.ValueIsRevenue ^= true; break;
            case "row 0": day.Closed[0] = day.Closed[0] with { LateCost = 1 }; break;
            default: range = [0.5, 2]; break;
        }

        Rows after = Of(day, range);
        for (int step = 4; step <= 15; step++) Assert.NotEqual(before.Keys[step], after.Keys[step]);
    }

    [Fact]
    public void A_late_cost_changes_the_rows_after_it_only()
    {
        KeyedDay day = KeyedDay.Plain(closed: 15);
        Rows before = Of(day);
        day.Closed[9] = day.Closed[9] with { LateCost = 1 };
        Rows after = Of(day);
        for (int step = 4; step <= 15; step++) Assert.Equal(step <= 9, before.Keys[step] == after.Keys[step]);
    }

    [Fact]
    public void Of_a_running_step_only_what_is_read_counts()
    {
        KeyedDay day = KeyedDay.Plain(closed: 15);
        UInt128 blank = Of(day).Keys[15];
        day.Open = new StepRow { Multiplier = 1.3f, Wins = 3, Signals = 9, MeanLeastWinningCost = 0.1f, Conversions = 2, SumBid = 4 };
        Assert.Equal(blank, Of(day).Keys[15]);
        StepRow[] read = [new() { Elapsed = 0.1f }, new() { Cost = 1 }, new() { LateCost = 1 }, new() { ValueWon = 1 }, new() { Impressions = 1 }, new() { SumValue = 1 }];
        foreach (StepRow open in read)
        {
            day.Open = open;
            Assert.NotEqual(blank, Of(day).Keys[15]);
        }
    }

    [Fact]
    public void Where_the_calibration_is_in_the_key_a_curve_that_ages_out_changes_it()
    {
        KeyedDay day = KeyedDay.Plain(closed: 24);
        (FeatureInput input, _) = day.Input();
        var keys = new RowKeys();
        keys.Compute(input, false, 13, [], coversCalibration: true);
        UInt128[] before = keys.From(13, 12).ToArray();
        day.Close(new Random(5), mayBeOdd: false);
        (input, _) = day.Input();
        keys.Compute(input, false, 14, [], coversCalibration: true);
        for (int step = 14; step <= 24; step++) Assert.NotEqual(before[step - 13], keys.From(step, 1)[0]);
    }

    [Fact]
    public void A_forecast_that_follows_the_price_level_has_no_key()
    {
        (FeatureInput input, _) = KeyedDay.Plain(closed: 3).Input();
        FeatureInput following = new() { Forecast = input.Forecast with { FollowsPriceLevel = true }, TargetFirst = true, HasTarget = true };
        Assert.Throws<ArgumentException>(() => new RowKeys().Compute(following, false, 0, [], false));
    }

    [Fact]
    public void Keys_are_computed_without_allocating()
    {
        (FeatureInput input, bool knowsStep) = KeyedDay.Plain(closed: 40).Input();
        var keys = new RowKeys();
        Assert.Equal(0, Allocations.Of(() => keys.Compute(input, knowsStep, 29, [], false)));
    }

    private static Rows Of(KeyedDay day, params double[] also)
    {
        (FeatureInput input, bool knowsStep) = day.Input();
        return Rows.Of(input, knowsStep, Math.Max(0, input.Forecast.Trajectory.Closed - Window + 1), also);
    }

    private sealed record Rows(UInt128[] Keys, (double Cost, double Value)[] Ratios, float[,][] Raw, double[,][] Plain)
    {
        public static Rows Of(FeatureInput input, bool knowsStep, int first, params double[] also)
        {
            const int Steps = StepClock.StepsPerDay;
            var rows = new Rows(new UInt128[Steps], new (double, double)[Steps], new float[Builders.Length, Steps][], new double[Builders.Length, Steps][]);
            var keys = new RowKeys();
            var scratch = new DayForecast();
            int now = input.Forecast.Trajectory.Closed;
            keys.Compute(input, knowsStep, first, also, coversCalibration: false);
            keys.From(first, now - first + 1).CopyTo(rows.Keys.AsSpan(first));
            for (int step = first; step <= now; step++)
            {
                rows.Ratios[step] = (keys.CostRatio(step), keys.ValueRatio(step));
                for (int b = 0; b < Builders.Length; b++)
                {
                    (rows.Raw[b, step], rows.Plain[b, step]) = (new float[Builders[b].Columns.Count], new double[Builders[b].PlainNumbers]);
                    Builders[b].Write(input.AsOf(step, knowsStep), scratch, rows.Raw[b, step], rows.Plain[b, step]);
                }
            }

            return rows;
        }
    }
}
