using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Agents;

/// <summary>The line-up final-round against the benchmark's published statistics (auction.md); prints the table of docs/calibration.md.</summary>
public sealed class FaithfulMarketTests(ITestOutputHelper output)
{
    // The field was searched on seeds 5001 and 5002.
    private const ulong Seed = 6003;
    private const int Periods = 4;

    [Fact]
    public void The_final_round_looks_like_the_real_one()
    {
        var seen = new MarketStatistics();
        LineUp field = LineUpFactory.FinalRound(AuctionNetSeats.All);
        var player = new AuctionNetPeriod(threads: 2);
        for (int period = 0; period < Periods; period++) player.Play(new PeriodSetup { Seed = Seed, Period = period, LineUp = field }, seen);
        double bias = Bias();
        output.WriteLine(
            $"4th price, step mean {seen.Price:F4} (sd {seen.PriceSpread:F4}); 10th percentile in a step {seen.LowPrice:F4}, of the step means {seen.LowStepPrice:F4}\n"
            + $"log 4th price: first four steps {seen.LogPrice(0, 4):+0.00;-0.00}, last four {seen.LogPrice(44, 48):+0.00;-0.00}\n"
            + $"bidders left {seen.Left:F1} ({seen.FewestLeft} to {seen.MostLeft}); re-runs {seen.Reruns:F0}\n"
            + $"value: mean {seen.Value:F6}, 90th {seen.HighValue:F6}, 99th {seen.HighestValue:F6}, exactly 0 {seen.ZeroValues:P2}\n"
            + $"opportunities a step {seen.Volume:F0} (sd {seen.VolumeSpread:F0}), {seen.LeastVolume} to {seen.LargestVolume}\n"
            + $"exposure {seen.ExposureOf(0):F3} {seen.ExposureOf(1):F3} {seen.ExposureOf(2):F3}; hidden bias {bias:F3} sigma");
        Within(0.0949, seen.Price, 0.10);
        Within(0.0781, seen.LowPrice, 0.10);
        Within(0.031, seen.PriceSpread, 0.30);
        Within(0.000507, seen.Value, 0.10);
        Within(10_416, seen.Volume, 0.01);
        Within(5_591, seen.VolumeSpread, 0.15);
        // Dear in the morning, cheap when the overbidders have run out.
        Assert.InRange(seen.LogPrice(0, 4), 0.1, 0.6);
        Assert.InRange(seen.LogPrice(44, 48), -0.6, -0.15);
        Assert.InRange(seen.Left, 20, 36);
        Assert.InRange(seen.Reruns, 55, 110);
        Assert.Equal(1, seen.ExposureOf(0));
        Assert.Equal(0.80, seen.ExposureOf(1), 0.005);
        Assert.Equal(0.48, seen.ExposureOf(2), 0.005);
        Assert.Equal(0.0300, seen.ZeroValues, 0.003);
        Assert.Equal(0.29, bias, 0.03);
    }

    [Fact]
    public void The_final_round_does_not_depend_on_who_asks_for_it()
        => Assert.Equal(LineUpFactory.FinalRound(AuctionNetSeats.All).Agents, LineUpFactory.FinalRound(AuctionNetSeats.All).Agents);

    private static void Within(double real, double ours, double share) => Assert.InRange(ours / real, 1 - share, 1 + share);

    // Standard deviation over advertisers of the mean of (true value - prediction) / sigma.
    private static double Bias()
    {
        const int advertisers = 500, draws = 100;
        double squares = 0;
        for (int advertiser = 0; advertiser < advertisers; advertiser++)
        {
            PredictionNoise noise = PredictionNoise.For(Seed, 0, advertiser);
            double bias = 0;
            for (int i = 0; i < draws; i++) bias += (noise.TrueValue(0.5, 0.2, (i + 0.5) / draws) - 0.5) / 0.1 / draws;
            squares += bias * bias / advertisers;
        }

        return Math.Sqrt(squares);
    }
}
