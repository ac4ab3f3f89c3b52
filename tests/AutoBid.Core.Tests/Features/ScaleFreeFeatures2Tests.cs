using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Features;

public sealed class ScaleFreeFeatures2Tests
{
    private const double Budget = 300;
    private const double Reference = 20;
    private const double PerStep = 1000;

    private static readonly int[] Counts = [12, 13, 14, 16];

    private static StepRow Row(double volume, float wins, float conversions, float conversionValue = 0) => new()
    {
        Impressions = (float)volume,
        SumValue = (float)volume * 0.002f,
        SumBid = (float)volume * 0.04f,
        Multiplier = 1,
        MeanLeastWinningCost = 0.03f,
        Signals = (float)volume,
        Wins = wins,
        Exposures = wins,
        Cost = 4,
        Conversions = conversions,
        ConversionValue = conversionValue,
        ValueWon = 0.3f,
        Elapsed = 1,
    };

    private static PopulationPrior Prior(double perStep) => new(
        [5, 20, 60], [0.001, 0.01, 0.04], [0.0001, 0.0006, 0.001], meanValue: 0.002, reference: Reference, opportunitiesPerDay: 48 * perStep, regimeSteps: 8);

    private static float[] Write(int version, PopulationPrior? prior, bool revenue, double current, params StepRow[] rows)
    {
        var store = new TrajectoryStore();
        int block = store.Rent();
        foreach (StepRow row in rows) store.Close(block, row);
        var builder = new ScaleFreeFeatures(version);
        float[] written = new float[builder.Columns.Count];
        var input = new FeatureInput
        {
            Forecast = new ForecastInput
            {
                Trajectory = store.View(block),
                Budget = Budget,
                Reference = Reference,
                ValueIsRevenue = revenue,
                Prior = prior,
                CurrentImpressions = current,
                CurrentMeanValue = 0.002,
            },
            TargetFirst = false,
            HasTarget = true,
        };
        builder.Write(input, new DayForecast(), written);
        return written;
    }

    [Fact]
    public void Counts_by_hand()
    {
        float[] row = Write(2, Prior(PerStep), revenue: false, current: 1500, Row(800, 40, 1), Row(1200, 60, 2));
        Assert.Equal(Math.Log(1200 / 1000.0), row[12], 5);
        Assert.Equal(Math.Log((60 + 20) / 1000.0), row[13], 5);
        // 3 conversions against 0.6 expected, each with a twentieth of the budget beside it.
        Assert.Equal(Math.Log((Reference * 3 + 15) / (Reference * 0.6 + 15)), row[14], 5);
        Assert.Equal(Math.Log(1500 / 1000.0), row[16], 5);
        Assert.Equal(1, row[17]);
    }

    [Fact]
    public void A_smaller_market_of_the_same_shape_gives_the_same_row()
    {
        const double Smaller = 1 / 30.0;
        float[] large = Write(2, Prior(PerStep), revenue: false, current: 1500, Row(800, 45, 1), Row(1200, 60, 2));
        float[] small = Write(2, Prior(PerStep * Smaller), revenue: false, current: 1500 * Smaller, Row(800 * Smaller, 1.5f, 1), Row(1200 * Smaller, 2, 2));
        foreach (int column in Counts) Assert.Equal(large[column], small[column], 3);
        float[] before = Write(1, Prior(PerStep), revenue: false, current: 1500, Row(800, 45, 1), Row(1200, 60, 2));
        float[] after = Write(1, Prior(PerStep * Smaller), revenue: false, current: 1500 * Smaller, Row(800 * Smaller, 1.5f, 1), Row(1200 * Smaller, 2, 2));
        Assert.True(Math.Abs(before[12] - after[12]) > 0.3, "version 1 counts in absolute numbers");
    }

    [Fact]
    public void All_other_columns_are_those_of_version_1()
    {
        StepRow[] rows = [Row(800, 40, 1), Row(1200, 60, 2), Row(900, 10, 0)];
        float[] one = Write(1, Prior(PerStep), revenue: false, current: 1500, rows), two = Write(2, Prior(PerStep), revenue: false, current: 1500, rows);
        for (int i = 0; i < one.Length; i++)
        {
            if (!Counts.Contains(i)) Assert.Equal(one[i], two[i]);
        }

        Assert.Equal(new ScaleFreeFeatures(1).Columns, new ScaleFreeFeatures(2).Columns);
    }

    [Fact]
    public void Without_a_prior_volumes_read_as_expected_and_wins_are_relative_to_the_step()
    {
        float[] row = Write(2, prior: null, revenue: false, current: 1500, Row(1000, 30, 0));
        Assert.Equal(0, row[12]);
        Assert.Equal(Math.Log(0.05), row[13], 5);
        Assert.Equal([0f, 0f, 0f], row[15..18]);
        float[] silent = Write(2, prior: null, revenue: false, current: 1500, Row(0, 0, 0));
        Assert.Equal([0f, 0f], silent[12..14]);
        Assert.All(silent, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Revenue_counts_by_its_value_and_a_refund_above_it_reads_as_the_lowest()
    {
        float[] row = Write(2, Prior(PerStep), revenue: true, current: 0, Row(1000, 30, 1, conversionValue: 0.9f));
        Assert.Equal(Math.Log((Reference * 0.9 + 15) / (Reference * 0.3 + 15)), row[14], 4);
        float[] refunded = Write(2, Prior(PerStep), revenue: true, current: 0, Row(1000, 30, 1, conversionValue: -50));
        Assert.Equal(-4, refunded[14]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void There_is_no_other_version(int version) => Assert.Throws<ArgumentOutOfRangeException>(() => new ScaleFreeFeatures(version));
}
