using System.Text;
using AutoBid.Cli.Exchange;
using AutoBid.OpenRtb.Reading;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Tests.Exchange;

public sealed class BidRequestWriterTests
{
    [Fact]
    public void TheServiceReadsWhatTheMarketMeant()
    {
        var market = new MarketOptions { RequestsPerStep = 20, FloorNanos = 10_500_001 };
        var day = new MarketDay(3, market);
        var writer = new BidRequestWriter(market, "20260105-");
        var request = new BidRequest();
        MarketOpportunity opportunity = default;
        while (day.TryNext(ref opportunity))
        {
            MarketCandidate[] valued = [.. opportunity.Candidates.ToArray().Where(c => c.ValueE9 > 0)];
            Assert.Equal(valued.Length > 0, writer.TryWrite(opportunity));
            if (valued.Length == 0) continue;
            Assert.True(BidRequestReader.TryRead(writer.Written, request, out RequestError error), error.ToString());
            Assert.Equal($"20260105-{opportunity.Index}", Encoding.UTF8.GetString(writer.Auction));
            Assert.Equal(2, request.AuctionType);
            Assert.Equal(100, request.TMax);
            Assert.Equal(10_500_001, request.Imps[0].FloorNanos);
            Assert.Equal(AdFormats.Banner, request.Imps[0].Offered);
            Assert.Equal(valued.Length, request.Candidates.Length);
            for (int i = 0; i < valued.Length; i++)
            {
                // Bit for bit what a player in process sees.
                Assert.Equal(valued[i].Value, request.Candidates[i].Value);
                Assert.Equal(300, request.Candidates[i].Width);
                Assert.Equal($"\"{market.Campaigns[valued[i].Campaign].Id}\"", Encoding.UTF8.GetString(request.Raw(request.Candidates[i].Campaign)));
            }

            request.Clear();
        }
    }

    [Fact]
    public void NamesTheAuctionType()
    {
        var market = new MarketOptions { RequestsPerStep = 20, Pricing = AuctionPricing.FirstPrice };
        var day = new MarketDay(3, market);
        var writer = new BidRequestWriter(market, "x-");
        MarketOpportunity opportunity = default;
        while (day.TryNext(ref opportunity) && !writer.TryWrite(opportunity))
        {
        }

        Assert.Contains("\"at\":1,", Encoding.UTF8.GetString(writer.Written.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesAPrefixThatWouldBreakTheJson() => Assert.Throws<ArgumentException>(() => new BidRequestWriter(new MarketOptions(), "a\"b"));
}
