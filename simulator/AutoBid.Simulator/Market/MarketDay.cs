using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Market;

/// <summary>
/// One day of the <c>market</c> preset as a stream of bid requests in event time. A pure function of (seed, day, options): the live service over HTTP
/// and a player in process see the same requests, rivals and conversions. No allocation after the first steps. One thread at a time,
/// but for <see cref="Resolve"/>, which only looks at what it is given.
/// </summary>
public sealed class MarketDay
{
    /// <summary>Length of the day, 100 ns ticks.</summary>
    public const long LengthTicks = TimeSpan.TicksPerDay;

    private const long StepTicks = LengthTicks / StepClock.StepsPerDay;

    private readonly MarketOptions _options;
    private readonly ulong _seed;
    private readonly int _day;
    private readonly int[] _volumes = new int[StepClock.StepsPerDay];
    private readonly double[] _competingLevels = new double[StepClock.StepsPerDay];
    private readonly PredictionNoise[] _noises;
    private readonly CampaignDraws[] _draws;
    private long[] _times = [];
    private RandomStream _competing;
    private RandomStream _forced;
    private int _step = -1;
    private int _inStep;
    private int _index;

    public MarketDay(ulong seed, MarketOptions options, int day = 0)
    {
        options.Check();
        _seed = seed;
        _day = day;
        _options = options;
        _noises = new PredictionNoise[options.Campaigns.Count];
        _draws = new CampaignDraws[_noises.Length];
        for (int campaign = 0; campaign < _noises.Length; campaign++)
        {
            _noises[campaign] = PredictionNoise.For(seed, day, campaign);
            _draws[campaign] = new CampaignDraws();
        }

        DrawVolumes();
        DrawCompetingLevels();
    }

    public MarketOptions Options => _options;

    /// <summary>Requests of each of the 48 steps.</summary>
    public ReadOnlySpan<int> Volumes => _volumes;

    /// <summary>Back to the first request of the day.</summary>
    public void Restart()
    {
        _step = -1;
        _inStep = 0;
        _index = 0;
    }

    /// <summary>Writes the next request; false after the last. The same variable can be handed in again and again: its buffer is reused.</summary>
    public bool TryNext(ref MarketOpportunity opportunity)
    {
        while (_step < 0 || _inStep >= _volumes[_step])
        {
            if (_step + 1 >= StepClock.StepsPerDay) return false;
            BeginStep(_step + 1);
        }

        opportunity.Index = _index++;
        opportunity.Step = _step;
        opportunity.TimeTicks = _step * StepTicks + _times[_inStep];
        opportunity.FloorNanos = _options.FloorNanos;
        opportunity.CompetingNanos = Nanos.BidFromDouble(Math.Exp(_competingLevels[_step] + _options.CompetingSpread * _competing.SingleNormal(_inStep)));
        AddCandidates(ref opportunity);
        _inStep++;
        return true;
    }

    /// <summary>The auction: the bid wins when it reaches the minimum to win; ties are won.</summary>
    /// <param name="campaign">Index of an eligible campaign; throws when it is not a candidate.</param>
    /// <param name="bidNanos">Nanos per impression; 0 or less: no bid.</param>
    public MarketOutcome Resolve(in MarketOpportunity opportunity, int campaign, long bidNanos)
    {
        long minimum = opportunity.MinimumToWinNanos;
        foreach (ref readonly MarketCandidate candidate in opportunity.Candidates)
        {
            if (candidate.Campaign != campaign) continue;
            if (bidNanos <= 0 || bidNanos < minimum) return new MarketOutcome(false, 0, minimum, false, 0, 0);
            long price = _options.Pricing == AuctionPricing.FirstPrice ? bidNanos : minimum;
            return candidate.WouldConvert
                ? new MarketOutcome(true, price, minimum, true, opportunity.TimeTicks + candidate.ConversionDelayTicks, candidate.RevenueMicros)
                : new MarketOutcome(true, price, minimum, false, 0, 0);
        }

        throw new ArgumentOutOfRangeException(nameof(campaign), campaign, "The campaign is not a candidate of this opportunity.");
    }

    private void AddCandidates(ref MarketOpportunity opportunity)
    {
        opportunity.BeginCandidates(_draws.Length);
        int forced = (int)(_forced.Bits(_inStep) % (ulong)_draws.Length);
        for (int campaign = 0; campaign < _draws.Length; campaign++)
        {
            CampaignDraws draws = _draws[campaign];
            if (campaign != forced && draws.Eligible.Uniform(_inStep) >= _options.EligibleShare) continue;
            MarketCampaign settings = _options.Campaigns[campaign];
            bool revenue = settings.Objective == Objective.TargetRoas;
            double probability = Math.Clamp(draws.Mean + draws.Spread * draws.Value.SingleNormal(_inStep), 0, 1);
            double relative = _noises[campaign].Relative(draws.Noise.SingleNormal(_inStep));
            opportunity.Add(new MarketCandidate
            {
                Campaign = campaign,
                ValueE9 = (long)Math.Round(probability * (revenue ? settings.RevenuePerConversion : 1) * 1e9, MidpointRounding.ToEven),
                ConversionDraw = draws.Conversion.Uniform(_inStep),
                TrueProbability = _noises[campaign].TrueValue(probability, relative, draws.ConversionValue.SingleUniform(_inStep)),
                ConversionDelayTicks = Delay(draws),
                RevenueMicros = revenue ? Revenue(draws, settings.RevenuePerConversion) : 0,
            });
        }
    }

    // Five in six conversions follow within minutes, the rest within hours.
    private long Delay(CampaignDraws draws)
    {
        double meanMinutes = draws.DelayKind.Uniform(_inStep) < 5.0 / 6 ? 4 : 90;
        return (long)(draws.Delay.Exponential(_inStep) * meanMinutes * TimeSpan.TicksPerMinute) + TimeSpan.TicksPerSecond;
    }

    // Log-normal with mean 1 around the campaign's mean revenue.
    private long Revenue(CampaignDraws draws, double mean)
        => (long)Math.Round(mean * Math.Exp(0.4 * draws.Revenue.SingleNormal(_inStep) - 0.08) * 1e6, MidpointRounding.ToEven);

    private void BeginStep(int step)
    {
        _step = step;
        _inStep = 0;
        var draws = new StepDraws(_seed, _day, step);
        _competing = draws.Stream(0, DrawPurpose.CompetingBid);
        _forced = draws.Stream(_draws.Length, DrawPurpose.Eligibility);
        for (int campaign = 0; campaign < _draws.Length; campaign++) _draws[campaign].Begin(draws, campaign, _options);
        DrawTimes(draws.Stream(0, DrawPurpose.ArrivalTime), _volumes[step]);
    }

    // Poisson arrivals given their number: exponential gaps, scaled to the step. Neighbours differ by at least one tick.
    private void DrawTimes(RandomStream gaps, int count)
    {
        if (_times.Length < count) _times = new long[count];
        double total = 0;
        for (int i = 0; i <= count; i++) total += gaps.Exponential(i);
        double sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += gaps.Exponential(i);
            long time = (long)(sum / total * (StepTicks - count));
            _times[i] = time + i;
        }
    }

    private void DrawVolumes()
    {
        ReadOnlySpan<double> shape = DayShape.AuctionNet;
        RandomStream factors = new StepDraws(_seed, _day, 0).Stream(0, DrawPurpose.Volume);
        for (int step = 0; step < _volumes.Length; step++)
        {
            double factor = factors.Uniform(step / AuctionNetTraffic.VolumeWindow, 0.6, 1.4);
            _volumes[step] = (int)Math.Round(_options.RequestsPerStep * (double)StepClock.StepsPerDay * shape[step] * factor);
        }
    }

    // A stationary AR(1) over steps (standard deviation 0.1) plus a linear drift over the day of at most +-15 %.
    private void DrawCompetingLevels()
    {
        RandomStream level = new StepDraws(_seed, _day, 0).Stream(0, DrawPurpose.CompetingLevel);
        double drift = level.Uniform(StepClock.StepsPerDay, -0.3, 0.3);
        double deviation = 0.1 * level.Normal(0);
        for (int step = 0; step < _competingLevels.Length; step++)
        {
            if (step > 0) deviation = 0.9 * deviation + 0.1 * Math.Sqrt(1 - 0.81) * level.Normal(step);
            _competingLevels[step] = Math.Log(_options.CompetingMedian) + deviation + drift * ((step + 0.5) / StepClock.StepsPerDay - 0.5);
        }
    }
}
