using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Features;

public sealed class FeatureTests
{
    private const double Budget = 300;
    private const double Reference = 20;

    private readonly TrajectoryStore _store = new();
    private readonly int _block;

    public FeatureTests() => _block = _store.Rent();

    private static StepRow Row(float impressions, float meanValue, float cost, float valueWon, float wins, float conversions, float multiplier, float minimum) => new()
    {
        Impressions = impressions,
        SumValue = impressions * meanValue,
        SumBid = impressions * meanValue * multiplier * (float)Reference,
        Multiplier = multiplier,
        MeanLeastWinningCost = minimum,
        Signals = impressions,
        Wins = wins,
        Exposures = wins,
        Cost = cost,
        Conversions = conversions,
        ValueWon = valueWon,
        Elapsed = 1,
    };

    private FeatureInput Input(PopulationPrior? prior = null, double impressions = 0, double meanValue = 0) => new()
    {
        Forecast = new ForecastInput
        {
            Trajectory = _store.View(_block),
            Budget = Budget,
            Reference = Reference,
            Prior = prior,
            CurrentImpressions = impressions,
            CurrentMeanValue = meanValue,
        },
        TargetFirst = true,
        HasTarget = true,
    };

    private static float[] Write(IFeatureBuilder builder, FeatureInput input)
    {
        float[] row = new float[builder.Columns.Count];
        Array.Fill(row, 77);
        builder.Write(input, new DayForecast(), row);
        return row;
    }

    private static PopulationPrior Prior() => new(
        [5, 20, 60], [0.001, 0.01, 0.04], [0.0001, 0.0006, 0.001], meanValue: 0.002, reference: 20, opportunitiesPerDay: 48_000, regimeSteps: 8);

    private static double L(double x, double y) => Math.Clamp(Math.Log(x / y), -4, 4);

    private void CloseFour()
    {
        _store.Close(_block, Row(1000, 0.001f, 4, 0.3f, 50, 0, 1.5f, 0.03f));
        _store.Close(_block, Row(2000, 0.002f, 6, 0.5f, 90, 1, 1.2f, 0.04f));
        _store.Close(_block, Row(1500, 0.001f, 2, 0.1f, 20, 0, 0.8f, 0.05f));
        _store.Close(_block, Row(800, 0.003f, 9, 0.4f, 40, 2, 0.9f, 0.06f) with { LateCost = 1 });
    }

    [Fact]
    public void Scale_free_at_step_0_knows_time_budget_and_mode()
    {
        float[] row = Write(new ScaleFreeFeatures(), Input());
        float[] expected = new float[29];
        expected[0] = expected[1] = 1;
        expected[27] = expected[28] = 1;
        Assert.Equal(expected, row);
    }

    [Fact]
    public void Scale_free_row_by_hand()
    {
        CloseFour();
        float[] row = Write(new ScaleFreeFeatures(), Input(Prior(), impressions: 900, meanValue: 0.004));
        const double Spent = 22, Won = 20 * 1.3, Even = Budget / 48, Floor = Budget / 3000;
        double[] expected =
        [
            1 - 4 / 48.0, 1 - Spent / Budget, Spent / Budget - 4 / 48.0, Won / Budget, L(Spent + 4, Won + 4),
            L(9 + Floor, Even + Floor), L(8 + Floor, Even + Floor), L(0.06, 20 * 0.003), L(0.9, 1),
            L(17 / 3.0 + Floor, Even + Floor), L(20 * 1.0 / 3 + Floor, Even + Floor), 40 / 800.0,
            Math.Log(801) / 10, Math.Log(41) / 10, Math.Log(4) / 5,
            L(0.004, 0.002), Math.Log(901) / 10, 1,
            4 / 8.0, 1,
        ];
        for (int i = 0; i < expected.Length; i++) Assert.True(Math.Abs(expected[i] - row[i]) < 1e-5, $"column {i}: {expected[i]} {row[i]}");

        var forecast = new DayForecast();
        forecast.Build(Input(Prior(), 900, 0.004).Forecast);
        for (int i = 0; i < 3; i++)
        {
            double at = ScaleFreeFeatures.Probes[i];
            Assert.Equal(L(forecast.CostAt(at) + Floor, Budget - Spent + Floor), row[20 + i], 5);
            Assert.Equal(L(forecast.ValueAt(at) + Floor, Budget - Spent + Floor), row[23 + i], 5);
        }

        Assert.Equal([1f, 1f, 1f], row[26..]);
    }

    [Fact]
    public void Unknown_groups_are_zero_with_their_masks()
    {
        CloseFour();
        var builder = new ScaleFreeFeatures();
        float[] row = Write(builder, Input() with { TargetFirst = false, HasTarget = false });
        foreach (int[] group in builder.Groups.Values)
            foreach (int column in group) Assert.Equal(0, row[column]);
        Assert.Equal([0f, 0f], row[27..]);
    }

    [Fact]
    public void It_is_scale_free()
    {
        CloseFour();
        float[] small = Write(new ScaleFreeFeatures(), Input());
        const float K = 1000;
        var store = new TrajectoryStore();
        int block = store.Rent();
        foreach (StepRow r in _store.View(_block).Rows)
            store.Close(block, r with { Cost = r.Cost * K, LateCost = r.LateCost * K, SumBid = r.SumBid * K, MeanLeastWinningCost = r.MeanLeastWinningCost * K });
        float[] large = Write(new ScaleFreeFeatures(), new FeatureInput
        {
            Forecast = new ForecastInput { Trajectory = store.View(block), Budget = Budget * K, Reference = Reference * K },
            TargetFirst = true,
            HasTarget = true,
        });
        for (int i = 0; i < small.Length; i++) Assert.Equal(small[i], large[i], 4);
    }

    [Fact]
    public void A_refund_above_the_spend_leaves_every_column_a_number()
    {
        _store.Close(_block, Row(1000, 0.001f, -50, 0.3f, 50, -1, 1.5f, 0.03f));
        float[] row = Write(new ScaleFreeFeatures(), Input(Prior()));
        Assert.All(row, value => Assert.True(float.IsFinite(value)));
        Assert.Equal(-4, row[5]);
        Assert.Equal(0, row[14]);
    }

    [Fact]
    public void A_past_row_equals_the_one_written_then()
    {
        var builder = new ScaleFreeFeatures();
        PopulationPrior prior = Prior();
        float[] cost = new float[24], value = new float[24];
        var written = new List<float[]>();
        for (int s = 0; s < 20; s++)
        {
            written.Add(Write(builder, Input(prior)));
            for (int k = 0; k < 24; k++) (cost[k], value[k]) = (0.001f * (s + 1) * k, 0.002f * k);
            _store.Close(_block, Row(1000 + s, 0.001f + s * 1e-4f, 3 + s % 4, 0.2f, 30, s % 2, 0.9f + s * 0.01f, 0.03f), cost, value);
        }

        FeatureInput now = Input(prior);
        for (int s = 0; s < 20; s++) Assert.Equal(written[s], Write(builder, now.AsOf(s, knowsStep: false)));
        Assert.Equal(Write(builder, now), Write(builder, now.AsOf(20, knowsStep: false)));
        // Who knows the running step knew the earlier ones too.
        float[] known = Write(builder, now.AsOf(7, knowsStep: true));
        Assert.Equal(1, known[17]);
        Assert.Equal((float)(Math.Log(1 + 1007) / 10), known[16]);
    }

    [Fact]
    public void AuctionNet_row_by_hand_with_the_last_three_steps()
    {
        CloseFour();
        float[] row = Write(new AuctionNetFeatures(), Input(impressions: 700, meanValue: 0.005));
        double[] bid = [0.001 * 1.5 * 20, 0.002 * 1.2 * 20, 0.001 * 0.8 * 20, 0.003 * 0.9 * 20];
        double[] expected =
        [
            44 / 48.0, 1 - 22 / Budget, bid.Average(), bid[1..].Average(), 0.045, 0.00175, (0 + 1 / 2000.0 + 0 + 2 / 800.0) / 4,
            (50 / 1000.0 + 90 / 2000.0 + 20 / 1500.0 + 40 / 800.0) / 4, 0.05, 0.002, (1 / 2000.0 + 2 / 800.0) / 3,
            (90 / 2000.0 + 20 / 1500.0 + 40 / 800.0) / 3, 0.005, 700, 4300, 5300,
        ];
        Assert.Equal(16, row.Length);
        for (int i = 0; i < 16; i++) Assert.True(Math.Abs(expected[i] - row[i]) < 1e-5 * (1 + expected[i]), $"column {i}: {expected[i]} {row[i]}");
    }

    [Fact]
    public void AuctionNet_history_is_zero_at_step_0()
    {
        float[] row = Write(new AuctionNetFeatures(), Input());
        Assert.Equal([1f, 1f], row[..2]);
        Assert.All(row[2..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void Builders_are_found_by_name_and_version()
    {
        Assert.IsType<ScaleFreeFeatures>(FeatureBuilders.Find("scale-free", 1));
        Assert.IsType<AuctionNetFeatures>(FeatureBuilders.Find("auctionnet-16", 1));
        Assert.Equal(2, Assert.IsType<ScaleFreeFeatures>(FeatureBuilders.Find("scale-free", 2)).Version);
        Assert.Null(FeatureBuilders.Find("scale-free", 3));
        Assert.Null(FeatureBuilders.Find("other", 1));
    }

    [Theory]
    [InlineData("scale-free")]
    [InlineData("auctionnet-16")]
    public void Columns_have_names_of_their_own_and_groups_lie_inside(string name)
    {
        IFeatureBuilder builder = FeatureBuilders.Find(name, 1)!;
        Assert.Equal(builder.Columns.Count, builder.Columns.Distinct().Count());
        foreach (int[] group in builder.Groups.Values) Assert.All(group, column => Assert.InRange(column, 0, builder.Columns.Count - 1));
    }
}
