namespace AutoBid.Simulator.Auctions;

/// <summary>How many wins an advertiser loses that cannot pay for all of them (auction.md, Over-cost).</summary>
internal static class OverCost
{
    /// <summary>r = max((cost - left) / (cost + 1e-4), 0), amounts in account currency.</summary>
    public static double Ratio(double cost, double left) => Math.Max((cost - left) / (cost + 1e-4), 0);

    /// <summary>ceil(r x wins) of one slot.</summary>
    public static int Drops(double ratio, int wins) => (int)Math.Min(Math.Ceiling(ratio * wins), wins);
}
