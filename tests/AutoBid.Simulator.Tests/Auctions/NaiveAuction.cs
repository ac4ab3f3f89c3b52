using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Tests.Auctions;

/// <summary>The rules of auction.md written as plainly as possible: sort, read off, and start everything again after each drop.</summary>
internal sealed class NaiveAuction(AuctionRules rules, float[][] bids, double[] left, StepDraws draws)
{
    public float[][] Bids { get; } = [.. bids.Select(row => row.ToArray())];

    public int Reruns { get; private set; }

    /// <summary>(opportunity, slot, advertiser, price, exposed) of every sale.</summary>
    public List<(int Opportunity, int Slot, int Advertiser, float Price, bool Exposed)> Sales { get; private set; } = [];

    public void Run()
    {
        for (int a = 0; a < Bids.Length; a++)
        {
            if (left[a] < rules.SmallestBudget) Array.Clear(Bids[a]);
        }

        while (true)
        {
            Sales = [.. Enumerable.Range(0, Bids[0].Length).SelectMany(SellOne)];
            bool again = false;
            for (int a = 0; a < Bids.Length; a++)
            {
                double cost = 0;
                foreach (var sale in Sales.Where(s => s.Advertiser == a && s.Exposed)) cost += sale.Price;
                if (cost <= left[a]) continue;
                again = true;
                double ratio = Math.Max((cost - left[a]) / (cost + 1e-4), 0);
                RandomStream priority = draws.Stream(a, DrawPurpose.DropPriority);
                for (int slot = 0; slot < rules.Slots; slot++)
                {
                    int[] wins = [.. Sales.Where(s => s.Advertiser == a && s.Slot == slot).Select(s => s.Opportunity).OrderBy(o => priority.Bits(o))];
                    foreach (int opportunity in wins.Take((int)Math.Ceiling(ratio * wins.Length))) Bids[a][opportunity] = 0;
                }
            }

            if (!again) return;
            Reruns++;
        }
    }

    public float LeastWinningCost(int opportunity) => Math.Max(Kth(opportunity, rules.Slots + 1, without: -1), rules.Reserve);

    public float MinimumToWin(int opportunity, int advertiser) => Math.Max(Kth(opportunity, rules.Slots, without: advertiser), rules.Reserve);

    private float Kth(int opportunity, int k, int without)
        => Bids.Where((_, a) => a != without).Select(row => row[opportunity]).Where(b => b > 0).OrderDescending().Concat(Enumerable.Repeat(0f, k)).ElementAt(k - 1);

    private IEnumerable<(int Opportunity, int Slot, int Advertiser, float Price, bool Exposed)> SellOne(int opportunity)
    {
        // OrderByDescending is stable: equal bids stay in index order.
        (int Advertiser, float Bid)[] order =
            [.. Bids.Select((row, a) => (a, row[opportunity])).Where(x => x.Item2 > 0).OrderByDescending(x => x.Item2)];
        float exposure = draws.Stream(0, DrawPurpose.Exposure).SingleUniform(opportunity);
        for (int slot = 0; slot < rules.Slots && slot < order.Length; slot++)
        {
            float next = slot + 1 < order.Length ? order[slot + 1].Bid : 0;
            float price = rules.Pricing == AuctionPricing.FirstPrice ? order[slot].Bid : Math.Max(next, rules.Reserve);
            bool unsold = rules.SellsAtReserve ? order[slot].Bid < rules.Reserve : price <= rules.Reserve;
            if (!unsold) yield return (opportunity, slot, order[slot].Advertiser, price, exposure < rules.Exposure[slot]);
        }
    }
}
