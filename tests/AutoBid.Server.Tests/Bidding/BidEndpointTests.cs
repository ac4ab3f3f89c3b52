using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Bidding;

/// <summary>POST /openrtb2/bid: the rules of the answer, and what a bad request gets.</summary>
[Collection(ServiceCollection.Name)]
public sealed class BidEndpointTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>, IAsyncLifetime
{
    private const string Campaign = "shared";

    private readonly TestService _service = fixture.Service;

    public async ValueTask InitializeAsync()
    {
        if ((await _service.GetAsync($"/v1/campaigns/{Campaign}")).Status == HttpStatusCode.NotFound) await _service.CreateAsync(Campaign);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"id":"r"}""")]
    [InlineData("""{"id":"r","imp":[]}""")]
    [InlineData("""{"id":7,"imp":[{"id":"1"}]}""")]
    [InlineData("""{"id":"r","imp":[{"banner":{}}]}""")]
    [InlineData("""{"id":"r","imp":[{"id":"1","bidfloor":-1}]}""")]
    [InlineData("""{"id":"r","imp":[{"id":"1","bidfloor":1e400}]}""")]
    [InlineData("""{"id":"r","imp":[{"id":"1","ext":{"autobid":{"candidates":[{"campaign":"shared"}]}}}]}""")]
    [InlineData("""{"id":"r","imp":[{"id":"1","ext":{"autobid":{"candidates":[{"value":0.1}]}}}]}""")]
    [InlineData("""{"id":"r","imp":[{"id":"1","ext":{"autobid":{"candidates":[{"campaign":"shared","value":-0.1}]}}}]}""")]
    public async Task A_malformed_request_gets_400_with_an_empty_body(string body)
    {
        double before = await _service.MetricAsync("autobid_bid_requests_total{result=\"malformed\"}");
        (await _service.BidAsync(body)).ExpectEmpty(HttpStatusCode.BadRequest);
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_bid_requests_total{result=\"malformed\"}"));
    }

    [Fact]
    public async Task Too_deep_a_request_gets_400()
        => (await _service.BidAsync($$"""{"id":"r","imp":[{"id":"1"}],"x":{{new string('[', 70)}}{{new string(']', 70)}}}""")).ExpectEmpty(HttpStatusCode.BadRequest);

    [Fact]
    public async Task A_body_above_the_limit_gets_413()
    {
        string body = Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign)), $",\"x\":\"{new string('x', 256 * 1024)}\"");
        (await _service.BidAsync(body)).ExpectEmpty(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    [InlineData("GZIP")]
    public async Task A_compressed_request_is_a_request(string encoding)
        => Assert.Null((await SendAsync(Compress(Texts.Bid(Campaign), encoding), encoding)).Expect(HttpStatusCode.OK).NoBid);

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task A_bomb_stops_at_the_limit(string encoding)
    {
        byte[] bomb = Compress(new string(' ', 30_000_000), encoding);
        // Under the limit as it travels.
        Assert.True(bomb.Length < 256 * 1024, $"{bomb.Length}");
        (await SendAsync(bomb, encoding)).ExpectEmpty(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task Broken_compression_gets_400(string encoding)
        => (await SendAsync(Encoding.ASCII.GetBytes(new string('~', 200)), encoding)).ExpectEmpty(HttpStatusCode.BadRequest);

    [Fact]
    public async Task An_unknown_encoding_gets_415()
        => (await SendAsync(Encoding.UTF8.GetBytes(Texts.Bid(Campaign)), "zstd")).ExpectEmpty(HttpStatusCode.UnsupportedMediaType);

    [Fact]
    public async Task An_unknown_campaign_is_a_no_bid_with_its_reason()
    {
        double before = await _service.MetricAsync("autobid_candidates_total{outcome=\"unknown-campaign\"}");
        Answer answer = await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate("nobody")), id: "r\\u0041"));
        Assert.Equal(512, answer.Expect(HttpStatusCode.OK).NoBid);
        Assert.Equal("rA", answer.Json.GetProperty("id").GetString());
        Assert.Equal(before + 1, await _service.MetricAsync("autobid_candidates_total{outcome=\"unknown-campaign\"}"));
    }

    [Fact]
    public async Task Without_candidates_there_is_nothing_to_bid()
        => Assert.Equal(500, (await _service.BidAsync("""{"id":"r","imp":[{"id":"1","banner":{}}]}""")).Expect(HttpStatusCode.OK).NoBid);

    [Fact]
    public async Task An_absurd_value_is_refused_as_the_candidates_own()
    {
        Answer answer = await _service.BidAsync(Texts.Request(Texts.Imp("1", $"{Texts.Candidate(Campaign, 1e9)},{Texts.Candidate(Campaign)}")));
        Assert.Equal(50m, Assert.Single(answer.Bids).GetProperty("price").GetDecimal());
    }

    [Fact]
    public async Task A_value_of_zero_makes_no_price()
        => Assert.NotNull((await _service.BidAsync(Texts.Bid(Campaign, 0))).Expect(HttpStatusCode.OK).NoBid);

    [Theory]
    [InlineData("50", null)]
    [InlineData("50.000001", 507)]
    public async Task The_floor_is_inclusive(string floor, int? nbr)
        => Assert.Equal(nbr, (await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign), $",\"bidfloor\":{floor}")))).NoBid);

    [Theory]
    [InlineData("49", null)]
    [InlineData("51", 508)]
    public async Task A_named_deals_floor_replaces_the_imps(string dealFloor, int? nbr)
    {
        string imp = Texts.Imp(
            "1", Texts.Candidate(Campaign, fields: ",\"deals\":[\"d1\"]"), $$""","bidfloor":90,"pmp":{"deals":[{"id":"d1","bidfloor":{{dealFloor}}}]}""");
        Answer answer = await _service.BidAsync(Texts.Request(imp));
        Assert.Equal(nbr, answer.NoBid);
        if (nbr is null) Assert.Equal("d1", answer.Bid.GetProperty("dealid").GetString());
    }

    [Fact]
    public async Task A_private_auction_needs_a_deal()
    {
        string imp = Texts.Imp("1", Texts.Candidate(Campaign), ",\"pmp\":{\"private_auction\":1,\"deals\":[{\"id\":\"d1\"}]}");
        Assert.Equal(510, (await _service.BidAsync(Texts.Request(imp))).NoBid);
    }

    [Theory]
    [InlineData("[\"EUR\"]", 501)]
    [InlineData("[\"EUR\",\"USD\"]", null)]
    public async Task Without_a_rate_only_the_accounts_currency_is_answered(string cur, int? nbr)
        => Assert.Equal(nbr, (await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign)), $",\"cur\":{cur}"))).NoBid);

    [Fact]
    public async Task A_floor_in_a_currency_without_rate_is_no_bid()
        => Assert.Equal(501, (await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign), ",\"bidfloor\":1,\"bidfloorcur\":\"EUR\"")))).NoBid);

    [Theory]
    [InlineData("", "", null, 1)]
    [InlineData(",\"video\":{}", "", 514, 0)]
    [InlineData(",\"video\":{}", ",\"mtype\":2", null, 2)]
    [InlineData(",\"video\":{}", ",\"mtype\":4", 513, 0)]
    public async Task The_markup_type_must_be_offered(string offered, string stated, int? nbr, int markup)
    {
        Answer answer = await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign, fields: stated), offered)));
        Assert.Equal(nbr, answer.NoBid);
        if (nbr is null) Assert.Equal(markup, answer.Bid.GetProperty("mtype").GetInt32());
    }

    [Fact]
    public async Task Two_impressions_get_a_bid_each()
    {
        Answer answer = await _service.BidAsync(Texts.Request($"{Texts.Imp("a", Texts.Candidate(Campaign, 0.0004))},{Texts.Imp("b", Texts.Candidate(Campaign, 0.0006))}"));
        Assert.Equal(["a", "b"], answer.Bids.Select(bid => bid.GetProperty("impid").GetString()));
        Assert.Equal([40m, 60m], answer.Bids.Select(bid => bid.GetProperty("price").GetDecimal()));
        Assert.Equal(2, answer.Bids.Select(bid => bid.GetProperty("id").GetString()).Distinct().Count());
    }

    [Fact]
    public async Task The_highest_candidate_wins_inside_and_the_others_have_a_reason()
    {
        string higher = Texts.NewId();
        await _service.CreateAsync(higher, target: 120);
        double outbid = await _service.MetricAsync("autobid_candidates_total{outcome=\"outbid-inside\"}");
        Answer answer = await _service.BidAsync(Texts.Request(Texts.Imp("1", $"{Texts.Candidate(Campaign)},{Texts.Candidate(higher)},{Texts.Candidate(Campaign, 0.0001)}")));
        Assert.Equal(higher, Assert.Single(answer.Bids).GetProperty("cid").GetString());
        Assert.Equal(60m, answer.Bid.GetProperty("price").GetDecimal());
        Assert.Equal(outbid + 2, await _service.MetricAsync("autobid_candidates_total{outcome=\"outbid-inside\"}"));
    }

    [Fact]
    public async Task The_cap_holds_the_price_and_the_campaigns_floor_stops_it()
    {
        string capped = Texts.NewId(), floored = Texts.NewId();
        await _service.CreateAsync(capped, ",\"bidCapCpm\":12.345678");
        await _service.CreateAsync(floored, ",\"bidFloorCpm\":50.000001");
        Assert.Equal(12.345678m, (await _service.BidAsync(Texts.Bid(capped))).Bid.GetProperty("price").GetDecimal());
        Assert.Equal(507, (await _service.BidAsync(Texts.Bid(floored))).NoBid);
    }

    [Theory]
    [InlineData(",\"wseat\":[\"someone\"]")]
    [InlineData(",\"bseat\":[\"someone\"]")]
    public async Task Without_a_seat_the_lists_are_the_exchanges_business(string fields)
        => Assert.Null((await _service.BidAsync(Texts.Request(Texts.Imp("1", Texts.Candidate(Campaign)), fields))).NoBid);

    private Task<Answer> SendAsync(byte[] body, string encoding)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return _service.SendAsync(HttpMethod.Post, "/openrtb2/bid", content, null);
    }

    private static byte[] Compress(string text, string encoding)
    {
        var compressed = new MemoryStream();
        Stream stream = encoding.ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
            "deflate" => new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
            _ => new BrotliStream(compressed, CompressionLevel.Optimal, leaveOpen: true),
        };
        using (stream) stream.Write(Encoding.UTF8.GetBytes(text));
        return compressed.ToArray();
    }
}
