using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Replay;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class AuctionLogWriterTests
{
    private static readonly TrafficOptions Traffic = TrafficOptions.FinalRound with { OpportunitiesPerPeriod = 3_000 };

    private static PeriodSetup Setup(int period)
    {
        LineUp field = new LineUpFactory(1, null).Uniform(0, "loud", new ConstantPolicy(1.5), AuctionNetSeats.Scaled(0.003));
        return new PeriodSetup { Seed = 1, Period = period, LineUp = field, Traffic = Traffic };
    }

    private static PeriodResult Write(string path, PeriodSetup setup)
    {
        using var writer = new AuctionLogWriter(path);
        PeriodResult result = new AuctionNetPeriod().Play(setup, writer);
        Assert.False(File.Exists(path));
        writer.Complete();
        return result;
    }

    [Theory]
    [InlineData("log.csv")]
    [InlineData("log.csv.gz")]
    public void What_was_played_is_what_is_read(string name)
    {
        using var folder = new LogFile("", "unused");
        string path = Path.Combine(Path.GetDirectoryName(folder.Path)!, "sub", name);
        PeriodSetup setup = Setup(5);
        PeriodResult result = Write(path, setup);
        var read = new SeatStep[48 * 48];
        var prices = new double[48];
        var next = new int[48];
        using var reader = new AuctionLogReader(path);
        while (reader.Read())
        {
            ref readonly AuctionLogRow row = ref reader.Current;
            Assert.Equal((5, row.AdvertiserNumber / 8), (row.DeliveryPeriodIndex, row.AdvertiserCategoryIndex));
            Seat seat = result.SeatOf(row.AdvertiserNumber);
            Assert.Equal((seat.Budget, seat.TargetCpa), (row.Budget, row.CpaConstraint));
            Assert.Equal(next[row.AdvertiserNumber]++, row.PvIndex);
            SeatStep played = result.Steps(row.AdvertiserNumber)[row.TimeStepIndex];
            Assert.Equal(played.LeftBefore, row.RemainingBudget);
            bool ends = row.TimeStepIndex == 47 || played.LeftBefore - played.Cost < 0.1;
            Assert.Equal(ends ? 1 : 0, row.IsEnd);
            Assert.Equal(row.Xi == 1, row.AdSlot > 0);
            Assert.True(row.IsExposed <= row.Xi && row.ConversionAction <= row.IsExposed);
            if (row.Xi == 1) Assert.True(row.Bid >= row.Cost && row.Cost >= (row.AdSlot == 3 ? row.LeastWinningCost : 0));
            ref SeatStep step = ref read[row.AdvertiserNumber * 48 + row.TimeStepIndex];
            step.Opportunities++;
            step.MeanValue += row.PValue;
            step.Wins += row.Xi;
            step.Exposures += row.IsExposed;
            step.Cost += row.IsExposed * row.Cost;
            step.ValueWon += row.IsExposed * row.PValue;
            step.Conversions += row.ConversionAction;
            if (row.AdvertiserNumber == 0) prices[row.TimeStepIndex] += row.LeastWinningCost;
        }

        var dropped = 0;
        for (int i = 0; i < read.Length; i++)
        {
            SeatStep played = result.Steps(i / 48)[i % 48];
            Assert.Equal((played.Opportunities, played.Wins, played.Exposures, played.Conversions), (read[i].Opportunities, read[i].Wins, read[i].Exposures, read[i].Conversions));
            Assert.Equal(played.Cost, read[i].Cost, 1e-5);
            Assert.Equal(played.ValueWon, read[i].ValueWon, 1e-6);
            Assert.Equal(played.MeanValue * played.Opportunities, read[i].MeanValue, 1e-6);
            dropped += played.Dropped;
        }

        Assert.True(dropped > 0);
        for (int step = 0; step < 48; step++) Assert.Equal(result.MeanLeastWinningCost[step] * read[step].Opportunities, prices[step], 1e-4);
    }

    [Fact]
    public void Values_errors_and_bids_are_those_of_the_auction()
    {
        using var file = new LogFile("");
        var seen = new List<(float Value, float Sigma, float Bid, float Price)>();
        PeriodSetup setup = Setup(2);
        using (var writer = new AuctionLogWriter(file.Path))
        {
            new AuctionNetPeriod().Play(setup, writer, new Watcher(setup, seen));
            writer.Complete();
            Assert.Equal(seen.Count, writer.Rows);
        }

        using var reader = new AuctionLogReader(file.Path);
        foreach ((float value, float sigma, float bid, float price) in seen)
        {
            Assert.True(reader.Read());
            // Single precision is written so that it reads back the same.
            Assert.Equal((value, sigma, bid, price), ((float)reader.Current.PValue, (float)reader.Current.PValueSigma, (float)reader.Current.Bid, (float)reader.Current.LeastWinningCost));
        }

        Assert.False(reader.Read());
    }

    [Fact]
    public void Periods_follow_one_another_and_can_be_replayed()
    {
        using var file = new LogFile("");
        using (var writer = new AuctionLogWriter(file.Path))
        {
            var player = new AuctionNetPeriod();
            for (int period = 0; period < 2; period++) player.Play(Setup(period), writer);
            writer.Complete();
        }

        var replay = new LogReplay(new ReplayOptions { Policies = [new ConstantPolicy(), new MpcPolicy()], Threads = 2 });
        using var reader = new AuctionLogReader(file.Path);
        replay.Read(reader);
        ReplayResult result = replay.Finish();
        Assert.Equal((96, 192), (result.Keys, result.Scores.Count));
        Assert.Equal([0, 1], result.Scores.Select(s => s.Period).Distinct());
        Assert.Equal(AuctionNetSeats.Scaled(0.003)[47].Budget, result.Scores[47].Budget);
        Assert.All(result.Summaries(), s => Assert.InRange(s.ShareOfKnapsack!.Value, 0.05, 1));
    }

    [Fact]
    public void A_file_that_is_not_completed_does_not_stay()
    {
        using var folder = new LogFile("", "unused");
        string path = Path.Combine(Path.GetDirectoryName(folder.Path)!, "log.csv");
        using (var writer = new AuctionLogWriter(path)) Assert.True(File.Exists(path + ".tmp"));
        Assert.False(File.Exists(path) || File.Exists(path + ".tmp"));
    }

    private sealed class Watcher(PeriodSetup setup, List<(float Value, float Sigma, float Bid, float Price)> seen) : IPeriodObserver
    {
        private readonly AuctionNetTraffic _traffic = new(setup.Seed, setup.Period, setup.Traffic);

        public void OnStarted(PeriodSetup started) => Assert.Same(setup, started);

        public void OnDecided(PeriodStep step)
        {
        }

        public void OnPlayed(PeriodStep step)
        {
            for (int opportunity = 0; opportunity < step.Traffic.Opportunities; opportunity++)
            {
                for (int seat = 0; seat < 48; seat++)
                {
                    float value = step.Traffic.Values(seat)[opportunity];
                    seen.Add((value, (float)_traffic.PredictionSigma(step.Step, seat, opportunity, value), step.Bids.Row(seat)[opportunity], step.Auction.LeastWinningCost(opportunity)));
                }
            }
        }

        public void OnFinished(PeriodResult result) => Assert.Equal(seen.Count, 48 * result.Steps(0).ToArray().Sum(step => step.Opportunities));
    }
}
