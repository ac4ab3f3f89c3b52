using AutoBid.Core.Response;

namespace AutoBid.Core.Tests.Response;

public sealed class PopulationPriorTests
{
    private static PopulationPrior Simple(double[]? shape = null) => new([50, 100, 200], [1, 3, 8], [0.01, 0.02, 0.03], 0.05, 100, shape);

    [Fact]
    public void Curve_passes_through_its_points()
    {
        PopulationPrior prior = new SyntheticMarket().Prior();
        var market = new SyntheticMarket();
        foreach (double bid in new[] { 20.0, 60, 100, 170, 400 })
        {
            prior.At(Math.Log(bid), 1, out double cost, out double value);
            (double trueCost, double trueValue) = market.At(bid);
            Assert.Equal(trueValue, value, 0.02 * market.MeanValue);
            Assert.Equal(trueCost, cost, 0.03 * market.MeanValue * 100);
        }
    }

    [Fact]
    public void A_level_shifts_the_bid_and_scales_the_value()
    {
        PopulationPrior prior = Simple();
        prior.At(Math.Log(100), 1, out double cost, out double value);
        prior.At(Math.Log(50), 2, out double shiftedCost, out double shiftedValue);
        Assert.Equal(cost, shiftedCost, 12);
        Assert.Equal(2 * value, shiftedValue, 12);
    }

    [Fact]
    public void Below_its_points_cost_falls_with_the_square_and_value_with_the_bid()
    {
        PopulationPrior prior = Simple();
        prior.At(Math.Log(5), 1, out double cost, out double value);
        Assert.Equal(0.01, cost, 9);
        Assert.Equal(0.001, value, 9);
    }

    [Fact]
    public void Shape_is_normalised_and_flat_by_default()
    {
        Assert.Equal(1, Simple().Shape.Sum(), 12);
        Assert.Equal(1.0 / 48, Simple().Shape[7], 12);
        var shape = new double[48];
        shape[3] = 2;
        shape[4] = 6;
        Assert.Equal(0.75, Simple(shape).Shape[4], 12);
    }

    [Fact]
    public void Wrong_points_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50], [1], [1], 1, 1));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 50], [1, 1], [1, 1], 1, 1));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, double.NaN], [1, 1], 1, 1));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, 2], [1], 1, 1));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, 2], [1, 2], 0, 1));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, 2], [1, 2], 1, 1, [1, 2]));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, 2], [1, 2], 1, 1, default, 0, 49));
        Assert.Throws<ArgumentException>(() => new PopulationPrior([50, 60], [1, 2], [1, 2], 1, 1, default, 0, 8, 1.5));
    }

    [Fact]
    public void Market_cpa_is_the_mean_price_of_value_at_a_truthful_bid()
    {
        var market = new SyntheticMarket();
        (double cost, double value) = market.At(SyntheticMarket.Reference);
        Assert.Equal(cost / value, market.Prior().MarketCpa(), 0.02 * cost / value);
    }
}
