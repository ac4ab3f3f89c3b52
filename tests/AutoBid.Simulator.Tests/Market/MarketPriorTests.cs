using AutoBid.Core.Response;
using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

public sealed class MarketPriorTests
{
    private static readonly MarketOptions Small = new() { RequestsPerStep = 200 };

    [Fact]
    public void The_curve_is_what_a_constant_bid_per_value_would_have_bought()
    {
        var prior = MarketPrior.Build(11, 500, 1, Small);
        double cost = 0, value = 0;
        long opportunities = 0;
        double bid = prior.BidPerValue[40];
        var day = new MarketDay(11, Small, 500);
        MarketOpportunity request = default;
        while (day.TryNext(ref request))
        {
            foreach (ref readonly MarketCandidate candidate in request.Candidates)
            {
                MarketCampaign campaign = Small.Campaigns[candidate.Campaign];
                double scale = campaign.RevenuePerConversion > 0 ? campaign.ReferencePrice / prior.Reference : 1;
                double worth = candidate.ValueE9 / 1e9 * scale;
                opportunities++;
                if (worth <= 0 || bid * worth < request.MinimumToWinNanos / 1e9) continue;
                cost += request.MinimumToWinNanos / 1e9;
                value += worth;
            }
        }

        Assert.Equal(cost / opportunities, prior.Cost[40], 1e-6);
        Assert.Equal(value / opportunities, prior.Value[40], 1e-6);
    }

    [Fact]
    public void It_loads_as_a_prior_and_repeats()
    {
        PopulationPrior prior = MarketPrior.Build(11, 500, 2, Small).ToPrior();
        Assert.True(prior.MarketCpa() > 0);
        Assert.InRange(prior.LevelPersistence, 0, 1);
        Assert.Equal(MarketPrior.Build(11, 500, 2, Small).Cost, MarketPrior.Build(11, 500, 2, Small).Cost);
        Assert.Throws<ArgumentOutOfRangeException>(() => MarketPrior.Build(11, 500, 0, Small));
    }
}
