using System.Net;
using System.Text.Json;
using AutoBid.Server.Auth;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Auth;

/// <summary>Keys, scopes and tenants over HTTP.</summary>
[Collection(ServiceCollection.Name)]
public sealed class AuthTests : IAsyncLifetime
{
    private TestService _service = null!;
    private string _admin = "";

    public async ValueTask InitializeAsync()
    {
        _service = await TestService.StartAsync();
        _admin = await KeyAsync("acme", "admin");
        await _service.CreateAsync("ours", key: _admin);
        await _service.CreateAsync("theirs", key: await KeyAsync("rival", "campaigns:write"), clockKey: _admin);
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Without_a_valid_key_every_call_gets_401()
    {
        double before = await _service.MetricAsync("autobid_bid_requests_total{result=\"unauthorized\"}");
        string other = await KeyAsync("acme", "admin");
        string wrongSecret = _admin[..^1] + (_admin[^1] == 'A' ? 'B' : 'A');
        string[] keys = ["", "x", "ab_", "ab__", "ab_000000000000_AAAA", wrongSecret, other[..16] + _admin[16..], new string('k', 200)];
        foreach (string key in keys)
        {
            (await _service.BidAsync(Texts.Bid("ours"), key)).ExpectEmpty(HttpStatusCode.Unauthorized);
            (await _service.GetAsync("/v1/campaigns", key)).ExpectProblem(HttpStatusCode.Unauthorized);
        }

        (await _service.PostAsync("/v1/campaigns", Texts.Campaign("x"))).ExpectProblem(HttpStatusCode.Unauthorized);
        // The key is asked for before the body is looked at.
        (await _service.PostAsync("/v1/campaigns", "{")).ExpectProblem(HttpStatusCode.Unauthorized);
        (await _service.PostAsync("/v1/events", "{}")).ExpectProblem(HttpStatusCode.Unauthorized);
        (await _service.PostAsync("/v1/multipliers", "{}")).ExpectProblem(HttpStatusCode.Unauthorized);
        (await _service.PostAsync("/v1/decisions", "{}")).ExpectProblem(HttpStatusCode.Unauthorized);
        (await _service.PostAsync("/v1/clock", "{}")).ExpectProblem(HttpStatusCode.Unauthorized);
        Assert.Equal(before + keys.Length, await _service.MetricAsync("autobid_bid_requests_total{result=\"unauthorized\"}"));
    }

    [Theory]
    [InlineData("bid", "bid", "multipliers")]
    [InlineData("decide", "decisions")]
    [InlineData("events", "events")]
    [InlineData("campaigns:read", "list", "get", "trajectory", "days", "decisionsOf", "policies")]
    [InlineData("campaigns:write", "post", "put", "delete")]
    [InlineData("admin", "bid", "multipliers", "decisions", "events", "list", "get", "trajectory", "days", "decisionsOf", "post", "put", "delete", "clock", "policies", "reload")]
    public async Task A_scope_opens_its_calls_and_no_other(string scope, params string[] open)
    {
        string key = await KeyAsync("acme", scope);
        (string Name, HttpMethod Method, string Path, string? Body)[] calls =
        [
            ("bid", HttpMethod.Post, "/openrtb2/bid", Texts.Bid("ours")),
            ("multipliers", HttpMethod.Post, "/v1/multipliers", """{"campaignIds":["ours"]}"""),
            ("decisions", HttpMethod.Post, "/v1/decisions", """{"requests":[]}"""),
            ("events", HttpMethod.Post, "/v1/events", """{"events":[]}"""),
            ("list", HttpMethod.Get, "/v1/campaigns", null),
            ("get", HttpMethod.Get, "/v1/campaigns/ours", null),
            ("trajectory", HttpMethod.Get, "/v1/campaigns/ours/trajectory", null),
            ("days", HttpMethod.Get, "/v1/campaigns/ours/days", null),
            ("decisionsOf", HttpMethod.Get, "/v1/campaigns/ours/decisions", null),
            ("policies", HttpMethod.Get, "/v1/policies", null),
            ("reload", HttpMethod.Post, "/v1/policies/reload", null),
            ("post", HttpMethod.Post, "/v1/campaigns", "{}"),
            ("put", HttpMethod.Put, "/v1/campaigns/ours", "{}"),
            ("delete", HttpMethod.Delete, "/v1/campaigns/nobody", null),
            ("clock", HttpMethod.Post, "/v1/clock", "{}"),
        ];
        foreach ((string name, HttpMethod method, string path, string? body) in calls)
        {
            Answer answer = await _service.SendAsync(method, path, body, key);
            Assert.True((answer.Status == HttpStatusCode.Forbidden) != open.Contains(name), $"{scope}: {name} gave {answer.Status}");
        }
    }

    [Fact]
    public async Task Foreign_campaigns_look_like_none()
    {
        foreach (string path in new[] { "/v1/campaigns/theirs", "/v1/campaigns/theirs/trajectory", "/v1/campaigns/theirs/days", "/v1/campaigns/theirs/decisions" })
            (await _service.GetAsync(path, _admin)).ExpectProblem(HttpStatusCode.NotFound);
        (await _service.SendAsync(HttpMethod.Put, "/v1/campaigns/theirs", Texts.Campaign("theirs"), _admin, ("If-Match", "\"1\""))).ExpectProblem(HttpStatusCode.NotFound);
        (await _service.SendAsync(HttpMethod.Delete, "/v1/campaigns/theirs", (string?)null, _admin)).ExpectProblem(HttpStatusCode.NotFound);
        // Ids are global: a foreign one is taken, and the list does not show it.
        (await _service.PostAsync("/v1/campaigns", Texts.Campaign("theirs"), _admin)).ExpectProblem(HttpStatusCode.Conflict);
        Assert.DoesNotContain("theirs", (await _service.GetAsync("/v1/campaigns", _admin)).Text, StringComparison.Ordinal);

        Assert.Equal(504, (await _service.BidAsync(Texts.Bid("theirs"), _admin)).NoBid);
        JsonElement posted = (await _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion("theirs", "x", _service.Now)), _admin)).Json;
        Assert.Equal("campaign: unknown", posted.GetProperty("results")[0].GetProperty("error").GetString());
        JsonElement multiplier = (await _service.PostAsync("/v1/multipliers", """{"node":"n","campaignIds":["theirs","ours"]}""", _admin)).Json.GetProperty("multipliers");
        Assert.Equal("unknown campaign", multiplier[0].GetProperty("error").GetString());
        Assert.Equal(1, multiplier[1].GetProperty("multiplier").GetDouble());
    }

    [Fact]
    public async Task An_exchanges_key_acts_for_its_listed_tenants_only()
    {
        string exchange = await _service.Keys.CreateAsync("exchange", ["bid", "events"], ["acme"], TestContext.Current.CancellationToken);
        Answer bid = (await _service.BidAsync(Texts.Bid("ours"), exchange)).Expect(HttpStatusCode.OK);
        Assert.Equal("ours", bid.Bid.GetProperty("cid").GetString());
        Assert.Equal(504, (await _service.BidAsync(Texts.Bid("theirs"), exchange)).NoBid);
        Answer both = await _service.BidAsync(Texts.Request(Texts.Imp("1", $"{Texts.Candidate("theirs", 0.0009)},{Texts.Candidate("ours")}")), exchange);
        Assert.Equal("ours", Assert.Single(both.Bids).GetProperty("cid").GetString());

        JsonElement results = (await _service.PostAsync(
            "/v1/events", Texts.Events(Texts.Conversion("ours", "e1", _service.Now), Texts.Conversion("theirs", "e2", _service.Now)), exchange)).Json.GetProperty("results");
        Assert.Equal("accepted", results[0].GetProperty("status").GetString());
        Assert.Equal("campaign: unknown", results[1].GetProperty("error").GetString());
        JsonElement multipliers = (await _service.PostAsync("/v1/multipliers", """{"campaignIds":["ours","theirs"]}""", exchange)).Json.GetProperty("multipliers");
        Assert.Equal(1, multipliers[0].GetProperty("multiplier").GetDouble());
        Assert.Equal("unknown campaign", multipliers[1].GetProperty("error").GetString());
        await _service.AdvanceAsync(_service.Now, _admin);
        Assert.Equal(1, (await _service.GetAsync("/v1/campaigns/ours/trajectory", _admin)).Json.GetProperty("conversions").GetInt32());
    }

    [Fact]
    public async Task Another_keys_node_of_the_same_name_has_its_own_lease()
    {
        const string Body = """{"node":"n","campaignIds":["ours"]}""";
        string other = await KeyAsync("acme", "bid");
        JsonElement first = (await _service.PostAsync("/v1/multipliers", Body, _admin)).Json.GetProperty("multipliers")[0].GetProperty("lease");
        JsonElement second = (await _service.PostAsync("/v1/multipliers", Body, other)).Json.GetProperty("multipliers")[0].GetProperty("lease");
        JsonElement again = (await _service.PostAsync("/v1/multipliers", Body, _admin)).Json.GetProperty("multipliers")[0].GetProperty("lease");
        Assert.NotEqual(first.GetProperty("id").GetInt64(), second.GetProperty("id").GetInt64());
        Assert.Equal(first.GetProperty("id").GetInt64(), again.GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task The_token_of_a_notice_is_its_authorisation()
    {
        JsonElement bid = (await _service.BidAsync(Texts.Bid("ours"), _admin)).Bid;
        (await _service.NoticeAsync(bid, "burl", "40")).ExpectEmpty(HttpStatusCode.OK);
        await _service.AdvanceAsync(_service.Now, _admin);
        Assert.Equal(40_000_000, (await _service.DayRowAsync("ours", "acme")).SettledNanos);
    }

    [Fact]
    public async Task Health_and_metrics_need_no_key()
    {
        foreach (string path in new[] { "/health/live", "/health/ready", "/metrics" }) (await _service.GetAsync(path)).Expect(HttpStatusCode.OK);
    }

    private Task<string> KeyAsync(string tenant, string scope) => _service.Keys.CreateAsync(tenant, [scope], [], TestContext.Current.CancellationToken);
}
