using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Tests.Exchange;

public sealed class NoticeMacrosTests
{
    [Theory]
    [InlineData("http://x/n?p=${AUCTION_PRICE}", "http://x/n?p=110.000001")]
    [InlineData("http://x/n?p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}&l=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}&t=1", "http://x/n?p=110.000001&c=USD&l=102&m=0.5&t=1")]
    [InlineData("http://x/${AUCTION_ID}/${AUCTION_IMP_ID}/${AUCTION_BID_ID}", "http://x/a%2F1/1/b%201")]
    [InlineData("http://x/?s=${AUCTION_SEAT_ID}&q=${AUCTION_MBR}", "http://x/?s=&q=")]
    [InlineData("http://x/plain", "http://x/plain")]
    [InlineData("http://x/?a=${AUCTION_PRICE", "http://x/?a=${AUCTION_PRICE")]
    [InlineData("http://x/?a=${OTHER}&p=${AUCTION_LOSS}", "http://x/?a=${OTHER}&p=102")]
    public void ReplacesWhatItKnows(string url, string expected)
        => Assert.Equal(expected, NoticeMacros.Substitute(url, 110_000_001, 500_000, NoticeMacros.LostToHigherBid, "a/1", "b 1"));
}
