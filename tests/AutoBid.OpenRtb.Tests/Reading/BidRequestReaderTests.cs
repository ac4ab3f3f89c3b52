using System.Globalization;
using System.Text;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Tests.Reading;

public sealed class BidRequestReaderTests
{
    [Fact]
    public void Banner_request_is_read_whole()
    {
        BidRequest request = Requests.Read(Requests.Banner);
        Assert.Equal("80ce30c53c16e6ede735f123ef6e32361bfc7b22", request.Text(request.Id, raw: false));
        Assert.Equal(1, request.AuctionType);
        Assert.Equal(120, request.TMax);
        Assert.False(request.IsTest);
        Assert.Equal([CurrencyCode.Usd, CurrencyCode.Parse("EUR")], request.Currencies.ToArray());
        Imp imp = Assert.Single(request.Imps.ToArray());
        Assert.Equal(30_000, imp.FloorNanos);
        Assert.Equal(CurrencyCode.Usd, imp.FloorCurrency);
        Assert.Equal(AdFormats.Banner, imp.Offered);
        Assert.Equal(2, imp.CandidateCount);
        Candidate first = request.CandidatesOf(imp)[0];
        Assert.Equal("c1", request.Text(first.Campaign, raw: false));
        Assert.Equal(0.0007, first.Value);
        Assert.Equal("\"cr-1\"", request.Text(first.Creative));
        Assert.Equal("[\"shop.example\"]", request.Text(first.AdvertiserDomains));
        Assert.Equal("[\"IAB3\", \"IAB1-2\"]", request.Text(first.Categories));
        Assert.Equal("\"<a href=\\\"https://shop.example/\\\">x</a>\"", request.Text(first.Markup));
        Assert.Equal((300, 250, 0, 0), (first.Width, first.Height, first.Duration, first.MarkupType));
        Candidate second = request.CandidatesOf(imp)[1];
        Assert.Equal(0.00015, second.Value);
        Assert.Equal(1, second.MarkupType);
        Assert.False(second.Markup.IsPresent);
    }

    [Fact]
    public void Video_request_has_its_deals()
    {
        BidRequest request = Requests.Read(Requests.VideoDeals);
        Imp imp = request.Imps[0];
        Assert.Equal(2, request.AuctionType);
        Assert.Equal(AdFormats.Video, imp.Offered);
        Assert.True(imp.PrivateAuction);
        Assert.Equal(4_500_000, imp.FloorNanos);
        Assert.Equal("EUR", imp.FloorCurrency.ToString());
        Deal[] deals = request.DealsOf(imp).ToArray();
        Assert.Equal(["D-1", "D-2"], deals.Select(deal => request.Text(deal.Id, raw: false)));
        Assert.Equal([6_250_000L, 3_000_000L], deals.Select(deal => deal.FloorNanos));
        Assert.Equal([1, 3], deals.Select(deal => deal.AuctionType));
        Candidate candidate = request.Candidates[0];
        Assert.Equal(15, candidate.Duration);
        Assert.Equal(["D-9", "D-1"], request.DealsOf(candidate).ToArray().Select(id => request.Text(id, raw: false)));
        Assert.True(request.AllowsSeat("seat-9"u8));
        Assert.False(request.AllowsSeat("seat-1"u8));
        Assert.True(request.AllowsSeat(default));
    }

    [Fact]
    public void Several_imps_keep_their_own_candidates_and_deals()
    {
        BidRequest request = Requests.Read(Requests.MultiImp);
        Assert.Equal(["a", "b", "c"], request.Imps.ToArray().Select(imp => request.Text(imp.Id, raw: false)));
        Assert.Equal([2, 0, 1], request.Imps.ToArray().Select(imp => imp.CandidateCount));
        Assert.Equal([AdFormats.Banner, AdFormats.Banner | AdFormats.Video, AdFormats.Audio], request.Imps.ToArray().Select(imp => imp.Offered));
        Assert.Equal("c3", request.Text(request.CandidatesOf(request.Imps[2])[0].Campaign, raw: false));
        Assert.Equal(0, request.DealsOf(request.Imps[0]).Length);
        Assert.Equal("d", request.Text(request.DealsOf(request.Imps[2])[0].Id, raw: false));
        Assert.Equal([CurrencyCode.Usd], request.Currencies.ToArray());
        Assert.Equal(0, request.TMax);
        Assert.Equal(2, request.AuctionType);
    }

    [Fact]
    public void Escaped_and_unicode_texts_are_unescaped_for_comparing_and_kept_raw_for_echoing()
    {
        BidRequest request = Requests.Read(Requests.Escapes);
        Assert.Equal("aüction \"1\"/😀", request.Text(request.Id, raw: false));
        Assert.Equal("""
            "a\u00fcction \"1\"\/\ud83d\ude00"
            """, request.Text(request.Id, raw: true));
        Assert.True(request.Id.HasEscapes);
        Imp imp = request.Imps[0];
        Assert.Equal("Größe\n1", request.Text(imp.Id, raw: false));
        Assert.Equal(250_000, imp.FloorNanos);
        Assert.Equal(AdFormats.Native, imp.Offered);
        Assert.Equal("Schlüssel", request.Text(request.Candidates[0].Campaign, raw: false));
        Assert.Equal("\"漢字\\t\"", request.Text(request.Candidates[0].Creative));
    }

    [Fact]
    public void Of_duplicated_keys_the_last_wins_without_leaving_a_trace()
    {
        BidRequest request = Requests.Read("""
            {"id":"x","id":"y","cur":["EUR"],"cur":["GBP"],"imp":[{"id":"old","ext":{"autobid":{"candidates":[{"campaign":"old","value":1}]}}}],
            "imp":[{"id":"n","banner":{},"banner":null,"video":{},"bidfloor":1,"bidfloor":null,
              "pmp":{"private_auction":1,"deals":[{"id":"p"},{"id":"q"}]},"pmp":{"deals":[{"id":"r","bidfloor":2,"bidfloor":1}]},
              "ext":{"autobid":{"candidates":[{"campaign":"a","value":1},{"campaign":"b","value":1}]}},
              "ext":{"autobid":{"candidates":[{"campaign":"c","value":1,"value":2,"deals":["p"],"deals":["r"]}]}}}]}
            """);
        Assert.Equal("y", request.Text(request.Id, raw: false));
        Assert.Equal("GBP", Assert.Single(request.Currencies.ToArray()).ToString());
        Imp imp = Assert.Single(request.Imps.ToArray());
        Assert.Equal(AdFormats.Video, imp.Offered);
        Assert.Equal(0, imp.FloorNanos);
        Assert.False(imp.PrivateAuction);
        Assert.Equal(1_000_000, Assert.Single(request.DealsOf(imp).ToArray()).FloorNanos);
        Candidate candidate = Assert.Single(request.CandidatesOf(imp).ToArray());
        Assert.Equal(2, candidate.Value);
        Assert.Equal("r", request.Text(Assert.Single(request.DealsOf(candidate).ToArray()), raw: false));
        Assert.Equal(1, request.Candidates.Length);
    }

    [Fact]
    public void A_model_reused_for_a_smaller_request_shows_nothing_of_the_larger_one()
    {
        var request = new BidRequest();
        Assert.True(BidRequestReader.TryRead(Requests.Utf8(Requests.VideoDeals), request, out _));
        Assert.True(BidRequestReader.TryRead(Requests.Utf8("""{"id":"s","imp":[{"id":"1"}]}"""), request, out _));
        Assert.Equal(0, request.Candidates.Length);
        Assert.Equal(0, request.Deals.Length);
        Assert.Equal(default, request.Imps[0].Offered);
        Assert.False(request.Imps[0].PrivateAuction);
        Assert.True(request.AllowsSeat("anyone"u8));
        Assert.Equal([CurrencyCode.Usd], request.Currencies.ToArray());
    }

    [Fact]
    public void Null_counts_as_absent_and_other_places_may_hold_anything()
    {
        BidRequest request = Requests.Read("""
            {"id":"n","at":null,"tmax":null,"cur":null,"wseat":null,"bseat":null,"test":1,"regs":[[[{"a":[1,2,{"imp":[]}]}]]],
            "imp":[{"id":"1","banner":null,"bidfloor":null,"bidfloorcur":null,"pmp":null,"ext":{"autobid":{"candidates":[
            {"campaign":"c","value":0,"crid":null,"adomain":null,"cat":[],"adm":null,"mtype":null,"w":300.0,"deals":null,"x":{}}]},"other":7}}]}
            """);
        Assert.True(request.IsTest);
        Assert.Equal(2, request.AuctionType);
        Assert.Equal(300, request.Candidates[0].Width);
        Assert.False(request.Candidates[0].Categories.IsPresent);
        Assert.Equal(0, request.Candidates[0].Value);
    }

    [Theory]
    [InlineData(1, 256, 64)]
    [InlineData(64, 4, 4)]
    public void Requests_at_the_limits_are_read(int imps, int candidates, int deals)
    {
        BidRequest request = Requests.Read(Large(imps, candidates, deals));
        Assert.Equal(imps, request.Imps.Length);
        Assert.Equal(imps * candidates, request.Candidates.Length);
        Assert.Equal(imps * deals, request.Deals.Length);
        foreach (Imp imp in request.Imps)
        {
            for (int i = 0; i < candidates; i++)
                Assert.Equal(i.ToString(CultureInfo.InvariantCulture), request.Text(request.CandidatesOf(imp)[i].Campaign, raw: false));
        }
    }

    [Theory]
    [InlineData(65, 1, 1, "imp")]
    [InlineData(1, 257, 1, "imp.ext.autobid.candidates")]
    [InlineData(1, 1, 65, "imp.pmp.deals")]
    public void Requests_beyond_the_limits_are_refused(int imps, int candidates, int deals, string field)
    {
        RequestError error = Requests.Refused(Large(imps, candidates, deals));
        Assert.Equal((RequestErrorKind.TooMany, field), (error.Kind, error.Field));
    }

    [Fact]
    public void Identifiers_may_have_255_bytes_after_unescaping()
    {
        string longest = new('x', 254);
        Assert.Equal(255, Requests.Read($$"""{"id":"{{longest}}\u0041","imp":[{"id":"1"}]}""").Id.TextLength);
        RequestError error = Requests.Refused($$"""{"id":"{{longest}}é","imp":[{"id":"1"}]}""");
        Assert.Equal((RequestErrorKind.OutOfRange, "id"), (error.Kind, error.Field));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("{")]
    [InlineData("{\"id\":\"x\",\"imp\":[{\"id\":\"1\"}]")]
    [InlineData("{\"id\":\"x\",\"imp\":[{\"id\":\"1\"}]} x")]
    [InlineData("{\"id\":\"x\",\"imp\":[{\"id\":\"1\"}]}{}")]
    [InlineData("{\"id\":\"x\",}")]
    [InlineData("{\"id\":\"\\ud800\",\"imp\":[{\"id\":\"1\"}]}")]
    [InlineData("{\"id\":\"\\ud800\\u0041\",\"imp\":[{\"id\":\"1\"}]}")]
    [InlineData("{\"id\":\"\\udc00\\ud800\",\"imp\":[{\"id\":\"1\"}]}")]
    [InlineData("{\"id\":\"x\",\"imp\":[{\"id\":\"1\"}]/**/}")]
    public void What_is_not_json_is_malformed(string body)
        => Assert.Equal(RequestErrorKind.MalformedJson, Requests.Refused(body).Kind);

    [Fact]
    public void Markup_with_half_a_surrogate_pair_is_malformed_because_it_would_be_echoed()
        => Assert.Equal((RequestErrorKind.MalformedJson, "candidates.adm"), KindAndField("""
            "campaign":"c","value":1,"adm":"a\ud83d"
            """));

    [Fact]
    public void Bytes_that_are_not_utf8_are_malformed()
    {
        byte[] body = Requests.Utf8(Requests.Banner);
        body[Encoding.UTF8.GetString(body).IndexOf("shop", StringComparison.Ordinal)] = 0xFF;
        Assert.Equal(RequestErrorKind.MalformedJson, Requests.Refused(body).Kind);
    }

    [Fact]
    public void Nesting_is_read_to_depth_64()
    {
        string Nested(int depth) => $$"""{"id":"x","imp":[{"id":"1"}],"ext":{{new string('[', depth)}}{{new string(']', depth)}}}""";
        Requests.Read(Nested(63));
        Assert.Equal(RequestErrorKind.MalformedJson, Requests.Refused(Nested(64)).Kind);
    }

    [Theory]
    [InlineData("[]", RequestErrorKind.WrongType, "$")]
    [InlineData("{}", RequestErrorKind.Missing, "id")]
    [InlineData("{\"id\":\"\",\"imp\":[{\"id\":\"1\"}]}", RequestErrorKind.Missing, "id")]
    [InlineData("{\"id\":\"x\"}", RequestErrorKind.Missing, "imp")]
    [InlineData("{\"id\":\"x\",\"imp\":[]}", RequestErrorKind.Missing, "imp")]
    [InlineData("{\"id\":\"x\",\"imp\":[{}]}", RequestErrorKind.Missing, "imp.id")]
    [InlineData("{\"id\":7,\"imp\":[{\"id\":\"1\"}]}", RequestErrorKind.WrongType, "id")]
    [InlineData("{\"id\":\"x\",\"imp\":{}}", RequestErrorKind.WrongType, "imp")]
    [InlineData("{\"id\":\"x\",\"imp\":[3]}", RequestErrorKind.WrongType, "imp")]
    [InlineData("{\"id\":\"x\",\"tmax\":-1}", RequestErrorKind.OutOfRange, "tmax")]
    [InlineData("{\"id\":\"x\",\"tmax\":1.5}", RequestErrorKind.OutOfRange, "tmax")]
    [InlineData("{\"id\":\"x\",\"tmax\":\"100\"}", RequestErrorKind.WrongType, "tmax")]
    [InlineData("{\"id\":\"x\",\"cur\":\"USD\"}", RequestErrorKind.WrongType, "cur")]
    [InlineData("{\"id\":\"x\",\"cur\":[\"US\"]}", RequestErrorKind.OutOfRange, "cur")]
    [InlineData("{\"id\":\"x\",\"cur\":[\"U1D\"]}", RequestErrorKind.OutOfRange, "cur")]
    [InlineData("{\"id\":\"x\",\"wseat\":[1]}", RequestErrorKind.WrongType, "wseat")]
    public void Unusable_requests_name_the_field(string body, RequestErrorKind kind, string field)
    {
        RequestError error = Requests.Refused(body);
        Assert.Equal((kind, field), (error.Kind, error.Field));
    }

    [Theory]
    [InlineData("\"bidfloor\":-0.01", RequestErrorKind.OutOfRange, "imp.bidfloor")]
    [InlineData("\"bidfloor\":1e999", RequestErrorKind.OutOfRange, "imp.bidfloor")]
    [InlineData("\"bidfloor\":\"1\"", RequestErrorKind.WrongType, "imp.bidfloor")]
    [InlineData("\"bidfloorcur\":1", RequestErrorKind.WrongType, "imp.bidfloorcur")]
    [InlineData("\"video\":true", RequestErrorKind.WrongType, "imp.video")]
    [InlineData("\"pmp\":[]", RequestErrorKind.WrongType, "imp.pmp")]
    [InlineData("\"pmp\":{\"deals\":[{}]}", RequestErrorKind.Missing, "imp.pmp.deals.id")]
    [InlineData("\"pmp\":{\"deals\":[{\"id\":\"d\",\"bidfloor\":-1}]}", RequestErrorKind.OutOfRange, "imp.pmp.deals.bidfloor")]
    [InlineData("\"pmp\":{\"private_auction\":true}", RequestErrorKind.WrongType, "imp.pmp.private_auction")]
    [InlineData("\"ext\":[]", RequestErrorKind.WrongType, "imp.ext")]
    [InlineData("\"ext\":{\"autobid\":[]}", RequestErrorKind.WrongType, "imp.ext.autobid")]
    [InlineData("\"ext\":{\"autobid\":{\"candidates\":{}}}", RequestErrorKind.WrongType, "imp.ext.autobid.candidates")]
    public void Unusable_imps_name_the_field(string fields, RequestErrorKind kind, string field)
    {
        RequestError error = Requests.Refused(Requests.WithImp(fields));
        Assert.Equal((kind, field), (error.Kind, error.Field));
    }

    [Theory]
    [InlineData("\"value\":1", RequestErrorKind.Missing, "candidates.campaign")]
    [InlineData("\"campaign\":\"c\"", RequestErrorKind.Missing, "candidates.value")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"value\":null", RequestErrorKind.Missing, "candidates.value")]
    [InlineData("\"campaign\":\"c\",\"value\":-1e-9", RequestErrorKind.OutOfRange, "candidates.value")]
    [InlineData("\"campaign\":\"c\",\"value\":1e309", RequestErrorKind.OutOfRange, "candidates.value")]
    [InlineData("\"campaign\":\"c\",\"value\":\"NaN\"", RequestErrorKind.WrongType, "candidates.value")]
    [InlineData("\"campaign\":1,\"value\":1", RequestErrorKind.WrongType, "candidates.campaign")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"adomain\":\"x\"", RequestErrorKind.WrongType, "candidates.adomain")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"cat\":[1]", RequestErrorKind.WrongType, "candidates.cat")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"adm\":{}", RequestErrorKind.WrongType, "candidates.adm")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"w\":-1", RequestErrorKind.OutOfRange, "candidates.w")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"dur\":99999999999", RequestErrorKind.OutOfRange, "candidates.dur")]
    [InlineData("\"campaign\":\"c\",\"value\":1,\"deals\":[null]", RequestErrorKind.WrongType, "candidates.deals")]
    public void Unusable_candidates_name_the_field(string fields, RequestErrorKind kind, string field)
        => Assert.Equal((kind, field), KindAndField(fields));

    private static (RequestErrorKind Kind, string Field) KindAndField(string candidateFields)
    {
        RequestError error = Requests.Refused(Requests.WithCandidate(candidateFields));
        return (error.Kind, error.Field);
    }

    private static string Large(int imps, int candidates, int deals)
    {
        string candidateList = string.Join(',', Enumerable.Range(0, candidates).Select(i => $$"""{"campaign":"{{i}}","value":{{i}}}"""));
        string dealList = string.Join(',', Enumerable.Range(0, deals).Select(i => $$"""{"id":"d{{i}}"}"""));
        string imp = $$$"""{"id":"i","banner":{},"pmp":{"deals":[{{{dealList}}}]},"ext":{"autobid":{"candidates":[{{{candidateList}}}]} } }""";
        return $$"""{"id":"large","imp":[{{string.Join(',', Enumerable.Repeat(imp, imps))}}]}""";
    }
}
