using AutoBid.Core.Guarding;
using AutoBid.Core.Money;

namespace AutoBid.Core.Bidding;

/// <summary>The bid formula: price = multiplier x reference x predicted value, rounded down to nanos, held inside cap and floors.</summary>
public static class BidPrice
{
    /// <summary>Price of one opportunity.</summary>
    /// <param name="bidPerValue">multiplier x reference, account currency per unit of value.</param>
    /// <param name="value">Predicted value; not negative, finite.</param>
    /// <param name="campaignFloor">No bid below it; 0: none. Nanos per impression, as all that follow.</param>
    /// <param name="cap">Highest price; 0: none.</param>
    /// <param name="floor">The imp's floor; 0: none.</param>
    /// <param name="isDealFloor">Whether that floor is a deal's.</param>
    /// <param name="reason">Why the answer is 0, or that the cap acted.</param>
    /// <returns>Nanos per impression; 0: no bid.</returns>
    public static long Of(double bidPerValue, double value, long campaignFloor, long cap, long floor, bool isDealFloor, out GuardReasons reason)
    {
        reason = GuardReasons.None;
        long price = Nanos.BidFromDouble(bidPerValue * value);
        if (cap > 0 && price > cap)
        {
            price = cap;
            reason = GuardReasons.Cap;
        }

        if (price <= 0 || price < campaignFloor)
        {
            reason = GuardReasons.Floor;
            return 0;
        }

        if (price < floor)
        {
            reason = isDealFloor ? GuardReasons.DealFloor : GuardReasons.Floor;
            return 0;
        }

        return price;
    }
}
