using System.Text;
using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Tests.Exchange;

public sealed class BidAnswerReaderTests
{
    private readonly BidAnswerReader _reader = new(["c1", "c2"]);
    private readonly BidAnswer _answer = new();

    [Fact]
    public void ReadsABid()
    {
        Assert.Null(Read("""{"id":"a","cur":"USD","ext":{"id":"no"},"seatbid":[{"seat":"s","bid":[{"id":"7","impid":"1","price":110.000001,"cid":"c2","burl":"http://x/b?a=1\u0026b=2","ext":{"bid":[1]}}]}]}"""));
        Assert.True(_answer.HasBid);
        Assert.Equal(1, _answer.Campaign);
        Assert.Equal(110_000_001, _answer.PriceNanos);
        Assert.Equal("http://x/b?a=1&b=2", _answer.BillUrl);
        Assert.Null(_answer.WinUrl);
        Assert.Equal("7", _answer.BidId);
    }

    [Theory]
    [InlineData("1e-3", 1_000)]
    [InlineData("0.000001", 1)]
    [InlineData("51", 51_000_000)]
    [InlineData("1.5E+2", 150_000_000)]
    public void PricesAreExact(string cpm, long nanos)
    {
        Assert.Null(Read(Bid($"\"impid\":\"1\",\"cid\":\"c1\",\"price\":{cpm}")));
        Assert.Equal(nanos, _answer.PriceNanos);
    }

    [Fact]
    public void ReadsANoBidWithItsReason()
    {
        Assert.Null(Read("""{"id":"a","nbr":503}"""));
        Assert.False(_answer.HasBid);
        Assert.Equal(503, _answer.NoBidReason);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"id\":\"a\"")]
    [InlineData("{\"id\":\"b\",\"nbr\":1}")]
    [InlineData("{\"nbr\":1}")]
    [InlineData("{\"id\":\"a\",\"cur\":\"EUR\"}")]
    [InlineData("{\"id\":\"a\",\"nbr\":\"x\"}")]
    [InlineData("{\"id\":\"a\",\"seatbid\":5}")]
    [InlineData("{\"id\":\"a\",\"seatbid\":[5]}")]
    [InlineData("{\"id\":\"a\",\"seatbid\":[{\"bid\":{}}]}")]
    [InlineData("{\"id\":\"a\",\"seatbid\":[{\"bid\":[7]}]}")]
    public void RefusesWhatIsNoAnswer(string json) => Assert.NotNull(Read(json));

    [Theory]
    [InlineData("\"impid\":\"2\",\"cid\":\"c1\",\"price\":1")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c9\",\"price\":1")]
    [InlineData("\"impid\":\"1\",\"price\":1")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\"")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\",\"price\":0")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\",\"price\":-1")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\",\"price\":0.0000001")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\",\"price\":1e300")]
    [InlineData("\"impid\":\"1\",\"cid\":\"c1\",\"price\":1},{\"impid\":\"1\",\"cid\":\"c2\",\"price\":2")]
    public void RefusesABidThatCannotBeResolved(string bid) => Assert.NotNull(Read(Bid(bid)));

    [Fact]
    public void ForgetsTheAnswerBefore()
    {
        Read(Bid("\"impid\":\"1\",\"cid\":\"c1\",\"price\":1,\"burl\":\"http://x\""));
        Read("""{"id":"a","nbr":2}""");
        Assert.False(_answer.HasBid);
        Assert.Null(_answer.BillUrl);
    }

    private static string Bid(string fields) => $"{{\"id\":\"a\",\"seatbid\":[{{\"bid\":[{{{fields}}}]}}]}}";

    private string? Read(string json) => _reader.Read(Encoding.UTF8.GetBytes(json), "a"u8, _answer);
}
