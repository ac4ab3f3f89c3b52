using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Market;

namespace AutoBid.Simulator.Tests.Market;

public sealed class MarketDayTests
{
    private static readonly MarketOptions Options = new();

    [Fact]
    public void A_day_is_a_pure_function_of_its_seed()
    {
        string first = Digest(new MarketDay(5, Options), 3000);
        var day = new MarketDay(5, Options);
        Assert.Equal(first, Digest(day, 3000));
        day.Restart();
        Assert.Equal(first, Digest(day, 3000));
        Assert.NotEqual(first, Digest(new MarketDay(6, Options), 3000));
        Assert.NotEqual(first, Digest(new MarketDay(5, Options, day: 1), 3000));
    }

    [Fact]
    public void Requests_come_in_event_time_inside_their_steps()
    {
        var day = new MarketDay(1, Options);
        MarketOpportunity request = default;
        long last = -1;
        int count = 0;
        while (day.TryNext(ref request))
        {
            Assert.True(request.TimeTicks > last);
            last = request.TimeTicks;
            Assert.Equal(request.Step, (int)(request.TimeTicks * 48 / MarketDay.LengthTicks));
            Assert.Equal(count++, request.Index);
            Assert.InRange(request.Candidates.Length, 1, 8);
            for (int i = 1; i < request.Candidates.Length; i++) Assert.True(request.Candidates[i - 1].Campaign < request.Candidates[i].Campaign);
        }

        Assert.True(last < MarketDay.LengthTicks);
        Assert.Equal(day.Volumes.ToArray().Sum(), count);
        Assert.InRange(count, 48_000 * 0.85, 48_000 * 1.15);
        Assert.False(day.TryNext(ref request));
    }

    [Fact]
    public void Streaming_does_not_allocate_once_it_is_warm()
    {
        var day = new MarketDay(1, Options);
        MarketOpportunity request = default;
        while (day.TryNext(ref request)) { }
        day.Restart();
        long before = GC.GetAllocatedBytesForCurrentThread();
        while (day.TryNext(ref request)) day.Resolve(request, request.Candidates[0].Campaign, request.CompetingNanos);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Bids_are_resolved_by_the_rules_of_the_market()
    {
        var second = new MarketDay(1, Options);
        var first = new MarketDay(1, Options with { Pricing = AuctionPricing.FirstPrice });
        MarketOpportunity request = default;
        int conversions = 0;
        for (int n = 0; n < 20_000 && second.TryNext(ref request); n++)
        {
            MarketCandidate candidate = request.Candidates[0];
            long minimum = Math.Max(request.CompetingNanos, request.FloorNanos);
            Assert.Equal(new MarketOutcome(false, 0, minimum, false, 0, 0), second.Resolve(request, candidate.Campaign, minimum - 1));
            MarketOutcome won = second.Resolve(request, candidate.Campaign, minimum + 5);
            Assert.True(won.Won);
            Assert.Equal(minimum, won.PriceNanos);
            Assert.Equal(minimum + 5, first.Resolve(request, candidate.Campaign, minimum + 5).PriceNanos);
            Assert.Equal(candidate.ConversionDraw < candidate.TrueProbability, won.Converted);
            if (!won.Converted) continue;
            conversions++;
            Assert.True(won.ConversionTimeTicks > request.TimeTicks);
            Assert.Equal(Options.Campaigns[candidate.Campaign].Objective == Objective.TargetRoas, won.RevenueMicros > 0);
        }

        Assert.InRange(conversions, 150, 700);
        Assert.False(second.Resolve(request, request.Candidates[0].Campaign, 0).Won);
        int outsider = Enumerable.Range(0, 9).First(c => request.Candidates.ToArray().All(x => x.Campaign != c));
        Assert.Throws<ArgumentOutOfRangeException>(() => second.Resolve(request, outsider, 1));
    }

    [Fact]
    public void The_floor_binds_below_it_nobody_wins()
    {
        var day = new MarketDay(1, Options with { FloorNanos = Nanos.PerUnit });
        MarketOpportunity request = default;
        Assert.True(day.TryNext(ref request));
        int campaign = request.Candidates[0].Campaign;
        Assert.False(day.Resolve(request, campaign, Nanos.PerUnit - 1).Won);
        Assert.Equal(Nanos.PerUnit, day.Resolve(request, campaign, Nanos.PerUnit).PriceNanos);
    }

    [Fact]
    public void The_default_campaigns_cover_all_objectives_and_are_complete()
    {
        MarketCampaign[] campaigns = MarketCampaigns.Default8();
        Assert.Equal(8, campaigns.Select(c => c.Id).Distinct().Count());
        Assert.Equal(3, campaigns.Select(c => c.Objective).Distinct().Count());
        foreach (MarketCampaign campaign in campaigns)
        {
            var core = new Campaign
            {
                Id = campaign.Id,
                TenantId = "default",
                Objective = campaign.Objective,
                DailyBudgetNanos = (long)(campaign.DailyBudget * Nanos.PerUnit),
                Target = campaign.Target,
                Reference = campaign.Reference,
            };
            Assert.Empty(CampaignRules.Check(core));
            Assert.Equal(core.ReferencePrice(0), campaign.ReferencePrice);
        }
    }

    [Fact]
    public void Truthful_bidders_win_a_sensible_share_and_some_budgets_bind()
    {
        var shares = new double[8];
        var unlimitedSpend = new double[8];
        var conversions = new double[8];
        var expected = new double[8];
        const int days = 6;
        for (int d = 0; d < days; d++) PlayTruthfully(new MarketDay(17, Options, d), shares, unlimitedSpend, conversions, expected, days);

        Assert.InRange(shares.Average(), 0.15, 0.40);
        Assert.All(shares, share => Assert.InRange(share, 0.08, 0.5));
        double[] pressure = [.. unlimitedSpend.Select((spend, c) => spend / (double)Options.Campaigns[c].DailyBudget)];
        Assert.InRange(pressure.Count(p => p > 1.2), 2, 6);
        Assert.InRange(pressure.Count(p => p < 0.8), 2, 6);
        Assert.InRange(conversions.Sum() / expected.Sum(), 0.93, 1.07);
        Assert.All(conversions, c => Assert.InRange(c, 15, 1000));
    }

    // The demo's rule: of several candidates the highest price goes to the exchange.
    private static void PlayTruthfully(MarketDay day, double[] shares, double[] spend, double[] conversions, double[] expected, int days)
    {
        var eligible = new int[8];
        var wins = new int[8];
        MarketOpportunity request = default;
        while (day.TryNext(ref request))
        {
            int best = -1;
            long bestBid = 0;
            double probability = 0;
            foreach (MarketCandidate candidate in request.Candidates)
            {
                eligible[candidate.Campaign]++;
                long bid = Nanos.BidFromDouble(candidate.Value * day.Options.Campaigns[candidate.Campaign].ReferencePrice);
                if (bid <= bestBid) continue;
                (best, bestBid) = (candidate.Campaign, bid);
                double revenue = day.Options.Campaigns[candidate.Campaign].RevenuePerConversion;
                probability = revenue > 0 ? candidate.Value / revenue : candidate.Value;
            }

            if (best < 0) continue;
            MarketOutcome outcome = day.Resolve(request, best, bestBid);
            if (!outcome.Won) continue;
            wins[best]++;
            spend[best] += Nanos.ToDouble(outcome.PriceNanos) / days;
            expected[best] += probability / days;
            if (outcome.Converted) conversions[best] += 1.0 / days;
        }

        for (int c = 0; c < 8; c++) shares[c] += wins[c] / (double)eligible[c] / days;
    }

    private static string Digest(MarketDay day, int count)
    {
        var text = new System.Text.StringBuilder();
        MarketOpportunity request = default;
        for (int i = 0; i < count && day.TryNext(ref request); i++)
        {
            text.Append(request.TimeTicks).Append(' ').Append(request.CompetingNanos);
            foreach (MarketCandidate c in request.Candidates) text.Append(' ').Append(c.Campaign).Append(' ').Append(c.ValueE9).Append(' ').Append(c.ConversionDraw).Append(' ').Append(c.ConversionDelayTicks);
        }

        return text.ToString();
    }
}
