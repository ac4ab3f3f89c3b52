using AutoBid.Core.Time;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Agents;

/// <summary>
/// What a market looks like from outside, to be held against the benchmark's published figures (auction.md, docs/calibration.md). Watches any number
/// of periods.
/// </summary>
public sealed class MarketStatistics : IPeriodObserver
{
    /// <summary>Budgets with less than this left are gone, account currency.</summary>
    private const double Gone = 0.1;

    /// <summary>Percentiles of values are taken in every fourth step.</summary>
    private const int StepsPerSort = 4;

    private readonly List<double> _prices = [];
    private readonly List<double> _lowPrices = [];
    private readonly List<double> _values = [];
    private readonly List<double> _highValues = [];
    private readonly List<double> _highestValues = [];
    private readonly List<double> _volumes = [];
    private readonly List<double> _reruns = [];
    private readonly List<double> _left = [];
    private readonly double[] _dayPrices = new double[StepClock.StepsPerDay];
    private readonly double[] _sold = new double[AuctionRules.MostSlots];
    private readonly double[] _seen = new double[AuctionRules.MostSlots];
    private float[] _sorted = [];
    private double _zeros;
    private double _valueCount;

    public int Periods => _reruns.Count;

    /// <summary>Mean over the steps of the step's mean 4th price (leastWinningCost), account currency; its standard deviation over the steps.</summary>
    public double Price => _prices.Average();

    public double PriceSpread => Spread(_prices);

    /// <summary>Mean over the steps of the 10th percentile of the 4th price over the step's opportunities, account currency.</summary>
    public double LowPrice => _lowPrices.Average();

    /// <summary>10th percentile over the steps of the step's mean 4th price, account currency.</summary>
    public double LowStepPrice => Percentile(_prices, 0.1);

    /// <summary>Mean over seats and steps of mean, 90th and 99th percentile of the predicted value.</summary>
    public double Value => _values.Average();

    public double HighValue => _highValues.Average();

    public double HighestValue => _highestValues.Average();

    /// <summary>Share of predicted values that are exactly 0.</summary>
    public double ZeroValues => _zeros / _valueCount;

    /// <summary>Mean, standard deviation and range of the opportunities of a step.</summary>
    public double Volume => _volumes.Average();

    public double VolumeSpread => Spread(_volumes);

    public double LeastVolume => _volumes.Min();

    public double LargestVolume => _volumes.Max();

    /// <summary>Auctions run again per period because a budget did not carry them.</summary>
    public double Reruns => _reruns.Average();

    /// <summary>Share of the sold slots of one kind (0 is the best) that were seen.</summary>
    public double ExposureOf(int slot) => _seen[slot] / _sold[slot];

    /// <summary>Seats that have budget left at the end, mean over the periods.</summary>
    public double Left => _left.Average();

    public double FewestLeft => _left.Min();

    public double MostLeft => _left.Max();

    /// <summary>Log of the mean 4th price of the steps [from, to) relative to that of the day.</summary>
    public double LogPrice(int from, int to)
    {
        double sum = 0;
        for (int step = from; step < to; step++) sum += Math.Log(_dayPrices[step] / Periods / Price);
        return sum / (to - from);
    }

    public void OnStarted(PeriodSetup setup)
    {
    }

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        int opportunities = step.Traffic.Opportunities;
        _volumes.Add(opportunities);
        if (opportunities == 0) return;
        if (_sorted.Length < opportunities) _sorted = new float[opportunities];
        Span<float> sorted = _sorted.AsSpan(0, opportunities);
        double sum = 0;
        for (int i = 0; i < opportunities; i++) sum += sorted[i] = step.Auction.LeastWinningCost(i);
        sorted.Sort();
        _prices.Add(sum / opportunities);
        _lowPrices.Add(sorted[opportunities / 10]);
        _dayPrices[step.Step] += sum / opportunities;
        AddValues(step.Traffic, sorted);
        AddSales(step.Auction);
    }

    public void OnFinished(PeriodResult result)
    {
        _reruns.Add(result.Reruns);
        int left = 0;
        for (int seat = 0; seat < result.Seats; seat++)
        {
            if (result.SeatOf(seat).Budget - result.Cost(seat) >= Gone) left++;
        }

        _left.Add(left);
    }

    private void AddValues(TrafficStep traffic, Span<float> sorted)
    {
        for (int seat = 0; seat < traffic.Advertisers; seat++)
        {
            ReadOnlySpan<float> values = traffic.Values(seat);
            double sum = 0;
            foreach (float value in values)
            {
                sum += value;
                if (value == 0) _zeros++;
            }

            _values.Add(sum / values.Length);
            // Sorting is nine tenths of the work; levels hold for longer than this.
            if (traffic.Step % StepsPerSort != 0) continue;
            values.CopyTo(sorted);
            sorted.Sort();
            _highValues.Add(sorted[(int)(0.9 * sorted.Length)]);
            _highestValues.Add(sorted[(int)(0.99 * sorted.Length)]);
        }

        _valueCount += (double)traffic.Opportunities * traffic.Advertisers;
    }

    private void AddSales(SlotAuction auction)
    {
        for (int i = 0; i < auction.Opportunities; i++)
        {
            for (int slot = 0; slot < auction.Rules.Slots && auction.TryGetSale(i, slot, out _, out _); slot++)
            {
                _sold[slot]++;
                if (auction.IsExposed(i, slot)) _seen[slot]++;
            }
        }
    }

    private static double Spread(List<double> values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }

    private static double Percentile(List<double> values, double share) => values.Order().ElementAt((int)(share * values.Count));
}
