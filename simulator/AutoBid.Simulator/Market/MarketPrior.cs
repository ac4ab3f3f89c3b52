using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Market;

/// <summary>
/// The population prior of the <c>market</c> preset, from days that are not played: mean cost and value per opportunity against the absolute bid per
/// unit of value. Revenue is put on the scale of the other campaigns' bids by value x reference / population reference, as forecasts read it.
/// </summary>
public static class MarketPrior
{
    private const int Points = 64;
    private const double LowestBid = 0.2;
    private const double HighestBid = 60;

    /// <summary>Builds the prior of days <paramref name="firstDay"/> and on.</summary>
    public static PriorFile Build(ulong seed, int firstDay, int days, MarketOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(days, 1);
        double reference = options.Campaigns.Where(c => c.Objective != Objective.TargetRoas).Select(c => c.ReferencePrice).DefaultIfEmpty(1).Average();
        double[] grid = Grid();
        double[] cost = new double[Points], value = new double[Points], volume = new double[StepClock.StepsPerDay];
        double values = 0;
        long opportunities = 0;
        var levels = new Levels(options.Campaigns.Count);
        for (int day = firstDay; day < firstDay + days; day++)
        {
            var market = new MarketDay(seed, options, day);
            MarketOpportunity request = default;
            while (market.TryNext(ref request))
            {
                double price = Nanos.ToDouble(request.MinimumToWinNanos);
                foreach (ref readonly MarketCandidate candidate in request.Candidates)
                {
                    MarketCampaign campaign = options.Campaigns[candidate.Campaign];
                    double scale = campaign.Objective == Objective.TargetRoas ? campaign.ReferencePrice / reference : 1;
                    double worth = candidate.ValueE9 / 1e9 * scale;
                    opportunities++;
                    values += worth;
                    volume[request.Step]++;
                    levels.Add(candidate.Campaign, request.Step, worth);
                    if (worth <= 0) continue;
                    // Differences: the opportunity is bought at every bid per value from price / worth on.
                    int first = Array.BinarySearch(grid, price / worth);
                    if (first < 0) first = ~first;
                    if (first >= Points) continue;
                    cost[first] += price;
                    value[first] += worth;
                }
            }

            levels.EndDay();
        }

        for (int i = 1; i < Points; i++)
        {
            cost[i] += cost[i - 1];
            value[i] += value[i - 1];
        }

        double total = volume.Sum();
        return new PriorFile
        {
            Name = "market",
            Version = 1,
            Currency = "USD",
            BidPerValue = grid,
            Cost = Array.ConvertAll(cost, sum => sum / opportunities),
            Value = Array.ConvertAll(value, sum => sum / opportunities),
            MeanValue = values / opportunities,
            Reference = reference,
            Shape = Array.ConvertAll(volume, count => count / total),
            OpportunitiesPerDay = (double)opportunities / options.Campaigns.Count / days,
            RegimeSteps = AuctionNetTraffic.RegimeSteps,
            LevelPersistence = levels.Persistence(),
            Source = new Dictionary<string, JsonElement>(StringComparer.Ordinal)
            {
                ["generator"] = JsonSerializer.SerializeToElement("market"),
                ["seed"] = JsonSerializer.SerializeToElement(seed),
                ["firstDay"] = JsonSerializer.SerializeToElement(firstDay),
                ["days"] = JsonSerializer.SerializeToElement(days),
            },
        };
    }

    private static double[] Grid()
    {
        var grid = new double[Points];
        for (int i = 0; i < Points; i++) grid[i] = LowestBid * Math.Pow(HighestBid / LowestBid, i / (double)(Points - 1));
        return grid;
    }

    /// <summary>Value levels of campaigns by regime, and how much of one outlives it.</summary>
    private sealed class Levels(int campaigns)
    {
        private const int Regimes = StepClock.StepsPerDay / AuctionNetTraffic.RegimeSteps;

        private readonly double[] _sums = new double[campaigns * Regimes];
        private readonly double[] _counts = new double[campaigns * Regimes];
        private readonly List<(double Now, double Next)> _pairs = [];

        public void Add(int campaign, int step, double value)
        {
            int at = campaign * Regimes + step / AuctionNetTraffic.RegimeSteps;
            _sums[at] += value;
            _counts[at]++;
        }

        public void EndDay()
        {
            for (int campaign = 0; campaign < campaigns; campaign++)
            {
                for (int regime = 0; regime + 1 < Regimes; regime++)
                {
                    int at = campaign * Regimes + regime;
                    if (_sums[at] > 0 && _sums[at + 1] > 0) _pairs.Add((Math.Log(_sums[at] / _counts[at]), Math.Log(_sums[at + 1] / _counts[at + 1])));
                }
            }

            Array.Clear(_sums);
            Array.Clear(_counts);
        }

        /// <summary>Correlation of neighbouring regimes' log levels, within [0, 1].</summary>
        public double Persistence()
        {
            if (_pairs.Count == 0) return 0;
            double mean = _pairs.Average(pair => 0.5 * (pair.Now + pair.Next));
            double variance = _pairs.Average(pair => 0.5 * ((pair.Now - mean) * (pair.Now - mean) + (pair.Next - mean) * (pair.Next - mean)));
            double covariance = _pairs.Average(pair => (pair.Now - mean) * (pair.Next - mean));
            return variance > 0 ? Math.Clamp(covariance / variance, 0, 1) : 0;
        }
    }
}
