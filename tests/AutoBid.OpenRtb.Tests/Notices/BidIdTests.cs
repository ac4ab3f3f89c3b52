using System.Text;
using AutoBid.OpenRtb.Notices;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Notices;

public sealed class BidIdTests
{
    [Fact]
    public void Any_pair_comes_back_and_has_one_text()
        => Prop.ForAll<long, long, bool>((lease, seq, far) =>
        {
            if (far) (lease, seq) = (lease * 0x1234_5678_9ABC, ~seq * 0x7FFF_FFFF_FFFF);
            byte[] buffer = new byte[BidId.MaxLength];
            string text = Encoding.ASCII.GetString(buffer, 0, BidId.Write(lease, seq, buffer));
            return text == BidId.Format(lease, seq) && BidId.TryParse(text, out long a, out long b) && a == lease && b == seq;
        }).Check(Checks.Config);

    [Fact]
    public void Extremes_fit()
    {
        byte[] buffer = new byte[BidId.MaxLength];
        Assert.Equal(BidId.MaxLength, BidId.Write(long.MinValue, -1, buffer));
        Assert.Equal("8000000000000000-ffffffffffffffff", Encoding.ASCII.GetString(buffer));
        Assert.Equal("0-0", BidId.Format(0, 0));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("1")]
    [InlineData("1-")]
    [InlineData("-1")]
    [InlineData("01-1")]
    [InlineData("1-01")]
    [InlineData("1F-1")]
    [InlineData("1-2-3")]
    [InlineData("1-g")]
    [InlineData(" 1-2")]
    [InlineData("11111111111111111-1")]
    public void Other_texts_are_refused(string text) => Assert.False(BidId.TryParse(text, out _, out _));
}
