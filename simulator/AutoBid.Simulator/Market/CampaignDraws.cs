using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Market;

/// <summary>The streams and the value distribution of one campaign in the current step.</summary>
internal sealed class CampaignDraws
{
    /// <summary>Campaigns that share a category level.</summary>
    private const int PerCategory = 4;

    public RandomStream Eligible { get; private set; }

    public RandomStream Value { get; private set; }

    public RandomStream Noise { get; private set; }

    public RandomStream ConversionValue { get; private set; }

    public RandomStream Conversion { get; private set; }

    public RandomStream Delay { get; private set; }

    public RandomStream DelayKind { get; private set; }

    public RandomStream Revenue { get; private set; }

    /// <summary>Mean P(conversion) of the step.</summary>
    public double Mean { get; private set; }

    /// <summary>Standard deviation of P(conversion) in the step.</summary>
    public double Spread { get; private set; }

    public void Begin(StepDraws draws, int campaign, MarketOptions options)
    {
        Eligible = draws.Stream(campaign, DrawPurpose.Eligibility);
        Value = draws.Stream(campaign, DrawPurpose.Value);
        Noise = draws.Stream(campaign, DrawPurpose.Noise);
        ConversionValue = draws.Stream(campaign, DrawPurpose.ConversionValue);
        Conversion = draws.Stream(campaign, DrawPurpose.Conversion);
        Delay = draws.Stream(campaign, DrawPurpose.ConversionDelay);
        DelayKind = draws.Stream(campaign, DrawPurpose.ConversionDelayKind);
        Revenue = draws.Stream(campaign, DrawPurpose.Revenue);

        // The levels of the auctionnet preset: a category factor and an own factor, both drawn again every regime.
        StepDraws day = draws with { Step = 0 };
        int regime = draws.Step / AuctionNetTraffic.RegimeSteps;
        double category = day.Stream(campaign / PerCategory, DrawPurpose.CategoryLevel).Uniform(regime, 0.3, 1.7);
        double own = day.Stream(campaign, DrawPurpose.AdvertiserLevel).Uniform(regime, 0.5, 1.5);
        double typical = Math.Clamp(0.5 + 0.1 * day.Stream(campaign, DrawPurpose.SpreadOfAdvertiser).Normal(0), 0.1, 1);
        double ratio = Math.Clamp(typical + 0.2 * typical * day.Stream(campaign, DrawPurpose.SpreadOfStep).Normal(draws.Step), 0.1, 1);
        Mean = Math.Min(options.MeanValue * options.Campaigns[campaign].ValueScale * category * own, 1);
        Spread = Mean * ratio;
    }
}
