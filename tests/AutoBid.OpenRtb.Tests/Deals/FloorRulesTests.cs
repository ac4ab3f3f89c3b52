using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Deals;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Tests.Deals;

public sealed class FloorRulesTests
{
    private const string Deals = """{"id":"d1","bidfloor":5},{"id":"d2","bidfloor":2},{"id":"e","bidfloor":1,"bidfloorcur":"EUR"},{"id":"free"}""";

    private static readonly CurrencyRates Rates = new(CurrencyCode.Usd, new Dictionary<CurrencyCode, decimal> { [CurrencyCode.Parse("EUR")] = 1.1m });

    [Fact]
    public void Without_a_deal_the_imps_floor_binds() => AssertFloor("", "[]", false, 3_000_000, -1);

    [Fact]
    public void A_candidate_that_names_no_deal_of_the_imp_bids_in_the_open_auction() => AssertFloor(Deals, """["other"]""", false, 3_000_000, -1);

    [Fact]
    public void A_named_deal_replaces_the_floor_upwards() => AssertFloor(Deals, """["other","d1"]""", false, 5_000_000, 0);

    [Fact]
    public void A_named_deal_replaces_the_floor_downwards() => AssertFloor(Deals, """["d2"]""", true, 2_000_000, 1);

    [Fact]
    public void Of_several_named_deals_the_lowest_floor_is_taken() => AssertFloor(Deals, """["d1","d2"]""", true, 2_000_000, 1);

    [Fact]
    public void A_deal_without_floor_has_none() => AssertFloor(Deals, """["d2","free"]""", true, 0, 3);

    [Fact]
    public void Floors_are_compared_in_account_currency() => AssertFloor(Deals, """["d2","e"]""", true, 1_100_000, 2);

    [Fact]
    public void A_deal_matches_by_text_not_by_spelling() => AssertFloor(Deals, """["\u0064\u0031"]""", true, 5_000_000, 0);

    [Fact]
    public void A_private_auction_requires_one_of_its_deals()
    {
        AssertDropped(Deals, """["other"]""", true, Rates, NoBidReason.DealRequired);
        AssertDropped(Deals, "[]", true, Rates, NoBidReason.DealRequired);
        AssertDropped("", "[]", true, Rates, NoBidReason.DealRequired);
    }

    [Fact]
    public void A_deal_in_a_currency_without_rate_leaves_the_open_auction_only_when_there_is_one()
    {
        AssertDropped(Deals, """["e"]""", true, CurrencyRates.Empty, NoBidReason.Currency);
        AssertFloor(Deals, """["e"]""", false, 3_000_000, -1, CurrencyRates.Empty);
    }

    [Fact]
    public void An_open_floor_without_rate_drops_the_candidate_unless_it_is_zero()
    {
        const string Fields = "\"bidfloorcur\":\"EUR\",\"ext\":{\"autobid\":{\"candidates\":[{\"campaign\":\"c\",\"value\":1}]}}";
        BidRequest floored = Requests.Read(Requests.WithImp("\"bidfloor\":1," + Fields));
        Assert.False(FloorRules.TryResolve(floored, floored.Imps[0], floored.Candidates[0], CurrencyCode.Usd, CurrencyRates.Empty, out _, out NoBidReason reason));
        Assert.Equal(NoBidReason.Currency, reason);
        BidRequest free = Requests.Read(Requests.WithImp(Fields));
        Assert.True(FloorRules.TryResolve(free, free.Imps[0], free.Candidates[0], CurrencyCode.Usd, CurrencyRates.Empty, out EffectiveFloor floor, out _));
        Assert.Equal(new EffectiveFloor(0, -1), floor);
    }

    [Fact]
    public void Deals_of_another_imp_do_not_count()
    {
        BidRequest request = Requests.Read("""
            {"id":"r","imp":[{"id":"1","banner":{},"pmp":{"deals":[{"id":"a"},{"id":"b"}]}},
            {"id":"2","banner":{},"pmp":{"private_auction":1,"deals":[{"id":"c","bidfloor":1}]},"ext":{"autobid":{"candidates":[
            {"campaign":"x","value":1,"deals":["a"]},{"campaign":"y","value":1,"deals":["a","c"]}]}}}]}
            """);
        Imp imp = request.Imps[1];
        Assert.False(FloorRules.TryResolve(request, imp, request.Candidates[0], CurrencyCode.Usd, Rates, out _, out NoBidReason reason));
        Assert.Equal(NoBidReason.DealRequired, reason);
        Assert.True(FloorRules.TryResolve(request, imp, request.Candidates[1], CurrencyCode.Usd, Rates, out EffectiveFloor floor, out _));
        Assert.Equal(new EffectiveFloor(1_000_000, 2), floor);
    }

    private static void AssertFloor(string deals, string named, bool isPrivate, long nanos, int deal, CurrencyRates? rates = null)
    {
        BidRequest request = Request(deals, named, isPrivate);
        Assert.True(FloorRules.TryResolve(request, request.Imps[0], request.Candidates[0], CurrencyCode.Usd, rates ?? Rates, out EffectiveFloor floor, out _));
        Assert.Equal(new EffectiveFloor(nanos, deal), floor);
        Assert.Equal(deal >= 0, floor.IsDeal);
    }

    private static void AssertDropped(string deals, string named, bool isPrivate, CurrencyRates rates, NoBidReason expected)
    {
        BidRequest request = Request(deals, named, isPrivate);
        Assert.False(FloorRules.TryResolve(request, request.Imps[0], request.Candidates[0], CurrencyCode.Usd, rates, out _, out NoBidReason reason));
        Assert.Equal(expected, reason);
    }

    private static BidRequest Request(string deals, string named, bool isPrivate) => Requests.Read(Requests.WithImp($$$"""
        "bidfloor":3,"pmp":{"private_auction":{{{(isPrivate ? 1 : 0)}}},"deals":[{{{deals}}}]},
        "ext":{"autobid":{"candidates":[{"campaign":"c","value":1,"deals":{{{named}}}}]}}
        """));
}
