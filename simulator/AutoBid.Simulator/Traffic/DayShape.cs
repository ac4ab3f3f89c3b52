namespace AutoBid.Simulator.Traffic;

/// <summary>Base shares of a day's opportunities per step.</summary>
public static class DayShape
{
    /// <summary>
    /// 48 shares that sum to 1. Of the benchmark's curve only some points are public facts (auction.md: 0.0230 0.0108 0.0088 0.0048 at 0..3,
    /// minimum 0.00303 at 7, peak 0.0381 at 18, 0.0253 at 47); the values between are ours: a monotone cubic through those points and four
    /// levels (steps 5, 12, 27..43) whose common scale was solved for the sum.
    /// </summary>
    public static ReadOnlySpan<double> AuctionNet =>
    [
        0.02300, 0.01080, 0.00880, 0.00480, 0.00393, 0.00350, 0.00318, 0.00303, 0.00375, 0.00565, 0.00833, 0.01137,
        0.01438, 0.01813, 0.02308, 0.02839, 0.03322, 0.03674, 0.03810, 0.03752, 0.03595, 0.03368, 0.03099, 0.02816,
        0.02547, 0.02320, 0.02163, 0.02105, 0.02109, 0.02121, 0.02139, 0.02163, 0.02190, 0.02218, 0.02247, 0.02274,
        0.02298, 0.02317, 0.02331, 0.02339, 0.02344, 0.02349, 0.02356, 0.02365, 0.02393, 0.02441, 0.02493, 0.02530,
    ];
}
