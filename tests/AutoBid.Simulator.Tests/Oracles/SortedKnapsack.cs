using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Oracles;

/// <summary>
/// The knapsack oracles item by item: every item is kept and sorted, hulls are found by trying all pairs of points, and the score is searched in steps
/// of a thousandth of each item.
/// </summary>
/// <param name="watched">Seats whose items are kept: this is slow.</param>
internal sealed class SortedKnapsack(bool leastWinningCost, int[] watched) : IPeriodObserver
{
    private List<(double Cost, double Value)>[] _items = [];

    public void OnStarted(PeriodSetup setup) => _items = [.. setup.LineUp.Agents.Select(_ => new List<(double, double)>())];

    public void OnDecided(PeriodStep step)
    {
    }

    public void OnPlayed(PeriodStep step)
    {
        AuctionRules rules = step.Auction.Rules;
        var others = new float[step.Bids.Advertisers];
        foreach (int seat in watched)
        {
            for (int i = 0; i < step.Traffic.Opportunities; i++)
            {
                double value = step.Traffic.Values(seat)[i];
                if (value <= 0) continue;
                for (int a = 0; a < others.Length; a++) others[a] = a == seat ? 0 : step.Bids.Row(a)[i];
                Array.Sort(others);
                Array.Reverse(others);
                if (leastWinningCost) _items[seat].Add((Math.Max(others[rules.Slots - 1], rules.Reserve), value));
                else AddHull(rules, others, value, _items[seat]);
            }
        }
    }

    public void OnFinished(PeriodResult result)
    {
    }

    public double Best(int seat, Seat money, PacingMode mode)
    {
        double cost = 0, value = 0, best = 0;
        foreach ((double itemCost, double itemValue) in _items[seat].OrderBy(item => item.Cost / item.Value))
        {
            for (int part = 1; part <= 1000; part++)
            {
                double c = cost + itemCost * part / 1000, v = value + itemValue * part / 1000;
                if (c > money.Budget) return best;
                if (mode == PacingMode.SpendFirst) best = Math.Max(best, Score.Of(v, c, money.TargetCpa));
                else if (c <= money.TargetCpa * v) best = Math.Max(best, v);
            }

            cost += itemCost;
            value += itemValue;
        }

        return best;
    }

    private static void AddHull(AuctionRules rules, float[] others, double value, List<(double Cost, double Value)> items)
    {
        var points = new List<(double Cost, double Value)> { (0, 0) };
        for (int slot = 0; slot < rules.Slots; slot++)
        {
            float price = Math.Max(others[slot], rules.Reserve);
            if (price > rules.Reserve || rules.SellsAtReserve) points.Add((rules.Exposure[slot] * (double)price, rules.Exposure[slot] * value));
        }

        // A point is on the hull when no mixture of two points has its value for less, and no other has it for less alone.
        (double Cost, double Value)[] hull =
        [
            .. points.Where(p => !points.Any(a => a.Value >= p.Value && a.Cost < p.Cost) && !points.Any(a => points.Any(b =>
                a.Value < p.Value && b.Value > p.Value
                && a.Cost + (b.Cost - a.Cost) * (p.Value - a.Value) / (b.Value - a.Value) < p.Cost))).OrderBy(p => p.Value),
        ];
        for (int i = 1; i < hull.Length; i++) items.Add((hull[i].Cost - hull[i - 1].Cost, hull[i].Value - hull[i - 1].Value));
    }
}
