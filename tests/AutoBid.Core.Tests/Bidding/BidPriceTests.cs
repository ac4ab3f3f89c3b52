using AutoBid.Core.Bidding;
using AutoBid.Core.Guarding;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Bidding;

public sealed class BidPriceTests
{
    [Theory]
    [InlineData(100, 0.0005, 0, 0, 0, false, 50_000_000, GuardReasons.None)]
    [InlineData(100, 0.0005, 0, 40_000_000, 0, false, 40_000_000, GuardReasons.Cap)]
    [InlineData(100, 0.0005, 60_000_000, 0, 0, false, 0, GuardReasons.Floor)]
    [InlineData(100, 0.0005, 50_000_000, 0, 50_000_000, false, 50_000_000, GuardReasons.None)]
    [InlineData(100, 0.0005, 0, 0, 50_000_001, false, 0, GuardReasons.Floor)]
    [InlineData(100, 0.0005, 0, 0, 50_000_001, true, 0, GuardReasons.DealFloor)]
    [InlineData(100, 0.0005, 0, 40_000_000, 45_000_000, true, 0, GuardReasons.DealFloor)]
    [InlineData(100, 0, 0, 0, 0, false, 0, GuardReasons.Floor)]
    [InlineData(double.NaN, 1, 0, 0, 0, false, 0, GuardReasons.Floor)]
    [InlineData(-1, 1, 0, 0, 0, false, 0, GuardReasons.Floor)]
    public void Price_and_reason(double bidPerValue, double value, long campaignFloor, long cap, long floor, bool deal, long expected, GuardReasons reason)
    {
        Assert.Equal(expected, BidPrice.Of(bidPerValue, value, campaignFloor, cap, floor, deal, out GuardReasons got));
        Assert.Equal(reason, got);
    }

    [Fact]
    public void A_bid_lies_between_floors_and_cap_and_never_above_the_formula()
        => Prop.ForAll<NormalFloat, NormalFloat, (uint CampaignFloor, uint Cap, uint Floor)>((a, b, bounds) =>
        {
            double bidPerValue = a.Get, value = Math.Abs(b.Get);
            long price = BidPrice.Of(bidPerValue, value, bounds.CampaignFloor, bounds.Cap, bounds.Floor, false, out GuardReasons reason);
            if (price == 0) return reason == GuardReasons.Floor;
            return price >= bounds.CampaignFloor && price >= bounds.Floor && (bounds.Cap == 0 || price <= bounds.Cap) && price <= bidPerValue * value * 1e9
                && reason == (bounds.Cap > 0 && bidPerValue * value * 1e9 >= bounds.Cap + 1L ? GuardReasons.Cap : GuardReasons.None);
        }).Check(Checks.Config);
}
