using AutoBid.Engine.Bidding;

namespace AutoBid.Engine.Tests.Bidding;

public sealed class BidCountersTests
{
    [Fact]
    public void No_count_is_lost_between_readings()
    {
        var counters = new BidCounters();
        counters.EnsureCapacity(3);
        BidTotals last = default, sum = default;
        var work = Task.Run(() => Parallel.For(0, 8, _ =>
        {
            for (int i = 0; i < 50_000; i++)
            {
                counters.CountOpportunity(1, 3);
                if (i % 2 == 0) counters.CountBid(1, 3, 11);
            }
        }));
        while (!work.IsCompleted)
        {
            BidTotals now = counters.Read(1);
            BidTotals step = now.Since(last);
            Assert.True(step is { Opportunities: >= 0, Bids: >= 0, ValueE9: >= 0, BidValueE9: >= 0, BidNanos: >= 0 });
            sum.Opportunities += step.Opportunities;
            sum.BidNanos += step.BidNanos;
            last = now;
        }

        BidTotals rest = counters.Read(1).Since(last);
        Assert.Equal(400_000, sum.Opportunities + rest.Opportunities);
        Assert.Equal(200_000 * 11, sum.BidNanos + rest.BidNanos);
        BidTotals all = counters.Read(1);
        Assert.Equal((400_000L, 1_200_000L, 200_000L, 600_000L), (all.Opportunities, all.ValueE9, all.Bids, all.BidValueE9));
        Assert.Equal(default, counters.Read(0));
        Assert.Equal(default, counters.Read(2));
    }

    [Fact]
    public void Campaigns_counted_first_at_the_same_moment_get_cells_of_their_own()
    {
        const int Campaigns = 20_000;
        var counters = new BidCounters();
        counters.EnsureCapacity(Campaigns);
        Parallel.For(0, 4, thread =>
        {
            for (int i = 0; i < Campaigns; i++) counters.CountOpportunity((i + thread * 7) % Campaigns, 1 + (i + thread * 7) % Campaigns);
        });
        for (int c = 0; c < Campaigns; c++) Assert.Equal((4L, 4L * (c + 1)), (counters.Read(c).Opportunities, counters.Read(c).ValueE9));
    }
}
