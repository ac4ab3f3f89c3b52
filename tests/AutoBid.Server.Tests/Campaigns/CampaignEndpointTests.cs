using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Campaigns;

/// <summary>/v1/campaigns: what is stored, and what each bad request gets.</summary>
[Collection(ServiceCollection.Name)]
public sealed class CampaignEndpointTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

    public static TheoryData<string, string> BadFields => new()
    {
        { "dailyBudget", """{"objective":"TargetCpa","target":10}""" },
        { "dailyBudget", """{"objective":"TargetCpa","target":10,"dailyBudget":-5}""" },
        { "dailyBudget", """{"objective":"TargetCpa","target":10,"dailyBudget":0}""" },
        { "dailyBudget", """{"objective":"TargetCpa","target":10,"dailyBudget":1000000001}""" },
        { "dailyBudget", """{"objective":"TargetCpa","target":10,"dailyBudget":1.0000001}""" },
        { "objective", """{"dailyBudget":10}""" },
        { "target", """{"objective":"TargetCpa","dailyBudget":10}""" },
        { "target", """{"objective":"TargetCpa","dailyBudget":10,"target":0}""" },
        { "target", """{"objective":"TargetRoas","dailyBudget":10,"target":-1}""" },
        { "target", """{"objective":"TargetCpa","dailyBudget":10,"target":0.0000001}""" },
        { "target", """{"objective":"MaxConversions","dailyBudget":10,"target":1}""" },
        { "bidFloorCpm", """{"objective":"MaxConversions","dailyBudget":10,"bidFloorCpm":-1}""" },
        { "bidCapCpm", """{"objective":"MaxConversions","dailyBudget":10,"bidCapCpm":1e10}""" },
        { "bidCapCpm", """{"objective":"MaxConversions","dailyBudget":10,"bidFloorCpm":2,"bidCapCpm":1}""" },
        { "flightBudget", """{"objective":"MaxConversions","dailyBudget":10,"flightBudget":-1}""" },
        { "account", """{"objective":"MaxConversions","dailyBudget":10,"accountBudget":5}""" },
        { "account", """{"objective":"MaxConversions","dailyBudget":10,"account":"","accountBudget":5}""" },
        { "currency", """{"objective":"MaxConversions","dailyBudget":10,"currency":"dollars"}""" },
        { "minMultiplier", """{"objective":"MaxConversions","dailyBudget":10,"minMultiplier":2,"maxMultiplier":1}""" },
        { "accountConstant", """{"objective":"MaxConversions","dailyBudget":10,"accountConstant":-1}""" },
        { "schedule.timeZone", """{"objective":"MaxConversions","dailyBudget":10,"schedule":{"timeZone":"Mars/Olympus"}}""" },
        { "schedule.hours", """{"objective":"MaxConversions","dailyBudget":10,"schedule":{"hours":[24]}}""" },
        { "schedule.hours", "{\"objective\":\"MaxConversions\",\"dailyBudget\":10,\"schedule\":{\"hours\":[" + string.Join(',', Enumerable.Repeat(1, 25)) + "]}}" },
        { "schedule.flightEnd", """{"objective":"MaxConversions","dailyBudget":10,"schedule":{"flightStart":"2026-02-01T00:00:00Z","flightEnd":"2026-01-01T00:00:00Z"}}""" },
        { "schedule.flightEnd", """{"objective":"MaxConversions","dailyBudget":10,"schedule":{"flightEnd":"2150-01-01T00:00:00Z"}}""" },
        { "policy", """{"objective":"MaxConversions","dailyBudget":10,"policy":"magic"}""" },
        { "parent", """{"objective":"MaxConversions","dailyBudget":10,"parent":"a b"}""" },
        { "id", """{"objective":"MaxConversions","dailyBudget":10,"id":"a b"}""" },
        { "id", """{"objective":"MaxConversions","dailyBudget":10,"id":""}""" },
        { "name", $$"""{"objective":"MaxConversions","dailyBudget":10,"name":"{{new string('n', 257)}}"}""" },
    };

    [Theory]
    [MemberData(nameof(BadFields))]
    public async Task A_bad_field_is_named_in_the_problem(string field, string body)
    {
        JsonElement problem = (await _service.PostAsync("/v1/campaigns", body)).ExpectProblem(HttpStatusCode.BadRequest).Json;
        Assert.True(problem.GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"dailyBudget":"a lot"}""")]
    [InlineData("""{"objective":"TargetCpa","target":10,"dailyBudget":1e40}""")]
    [InlineData("""{"objective":"Nothing","dailyBudget":10}""")]
    [InlineData("""{"objective":7,"dailyBudget":10}""")]
    [InlineData("""{"objective":"MaxConversions","dailyBudget":10,"status":99}""")]
    [InlineData("""{"objective":"MaxConversions","dailyBudget":10,"name":"\ud800"}""")]
    [InlineData("""{"objective":"MaxConversions","dailyBudget":10,"schedule":{"flightStart":"soon"}}""")]
    public async Task A_body_that_is_no_campaign_gets_400_with_problem_details(string body)
        => (await _service.PostAsync("/v1/campaigns", body)).ExpectProblem(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Too_large_a_body_gets_413_and_an_unknown_encoding_415()
    {
        string body = Texts.Campaign(Texts.NewId(), $",\"x\":\"{new string('x', 70_000)}\"");
        (await _service.PostAsync("/v1/campaigns", body)).ExpectProblem(HttpStatusCode.RequestEntityTooLarge);
        var content = new StringContent(Texts.Campaign(Texts.NewId()), Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("zstd");
        (await _service.SendAsync(HttpMethod.Post, "/v1/campaigns", content, null)).ExpectProblem(HttpStatusCode.UnsupportedMediaType);
    }

    [Fact]
    public async Task What_is_stored_is_what_was_sent()
    {
        string id = Texts.NewId();
        string body = $$"""
            {"id":"{{id}}","name":"Spring \u00e9","objective":"TargetRoas","currency":"EUR","dailyBudget":1234.567891,"target":3.25,"bidFloorCpm":0.05,"bidCapCpm":12.345678,
            "schedule":{"timeZone":"Europe/Berlin","flightStart":"2026-01-01T01:00:00+01:00","hours":[8,9]},"flightBudget":99999,"account":"acc-1","accountBudget":5000,
            "policy":"pid","mode":"SpendFirst","reservation":"Expected","minMultiplier":0.1,"maxMultiplier":3,"accountConstant":0.8,"status":"Paused","unknown":1}
            """;
        Answer created = (await _service.PostAsync("/v1/campaigns", body)).Expect(HttpStatusCode.Created);
        Assert.Equal($"/v1/campaigns/{id}", created.Headers.Location!.ToString());
        Answer read = (await _service.GetAsync($"/v1/campaigns/{id}")).Expect(HttpStatusCode.OK);
        Assert.Equal("\"1\"", read.Headers.ETag!.Tag);
        JsonElement campaign = read.Json;
        Assert.Equal("Spring é", campaign.GetProperty("name").GetString());
        Assert.Equal("TargetRoas", campaign.GetProperty("objective").GetString());
        Assert.Equal(1234.567891m, campaign.GetProperty("dailyBudget").GetDecimal());
        Assert.Equal(12.345678m, campaign.GetProperty("bidCapCpm").GetDecimal());
        Assert.Equal(0.05m, campaign.GetProperty("bidFloorCpm").GetDecimal());
        Assert.Equal(DateTimeOffset.Parse("2026-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture), campaign.GetProperty("schedule").GetProperty("flightStart").GetDateTimeOffset());
        Assert.Equal("Expected", campaign.GetProperty("reservation").GetString());
        Assert.Equal(99999m, campaign.GetProperty("flightBudget").GetDecimal());
        Assert.Equal(1, campaign.GetProperty("version").GetInt64());
        // What came back can be sent again.
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", read.Text, null, ("If-Match", "\"1\""))).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_id_that_exists_gets_409_and_the_first_stays()
    {
        string id = Texts.NewId();
        (await _service.PostAsync("/v1/campaigns", Texts.Campaign(id, target: 10))).Expect(HttpStatusCode.Created);
        (await _service.PostAsync("/v1/campaigns", Texts.Campaign(id, target: 20))).ExpectProblem(HttpStatusCode.Conflict);
        Assert.Equal(10m, (await _service.GetAsync($"/v1/campaigns/{id}")).Json.GetProperty("target").GetDecimal());
    }

    [Fact]
    public async Task Without_an_id_one_is_made()
    {
        string id = (await _service.PostAsync("/v1/campaigns", """{"objective":"MaxConversions","dailyBudget":10}""")).Expect(HttpStatusCode.Created).Json.GetProperty("id").GetString()!;
        (await _service.GetAsync($"/v1/campaigns/{id}")).Expect(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_idempotency_key_creates_once(bool withId)
    {
        string key = Texts.NewId("key");
        string id = withId ? $"\"id\":\"{Texts.NewId()}\"," : "";
        string body = $$"""{{{id}}"objective":"MaxConversions","dailyBudget":10}""";
        Answer first = (await PostOnceAsync(body, key)).Expect(HttpStatusCode.Created);
        Answer again = (await PostOnceAsync(body, key)).Expect(HttpStatusCode.OK);
        Assert.Equal(first.Text, again.Text);
        (await PostOnceAsync(body.Replace("10", "11", StringComparison.Ordinal), key)).ExpectProblem(HttpStatusCode.UnprocessableEntity);
        string made = first.Json.GetProperty("id").GetString()!;
        Assert.Equal(10m, (await _service.GetAsync($"/v1/campaigns/{made}")).Json.GetProperty("dailyBudget").GetDecimal());
        Answer other = (await PostOnceAsync("""{"objective":"MaxConversions","dailyBudget":10}""", Texts.NewId("key"))).Expect(HttpStatusCode.Created);
        Assert.NotEqual(made, other.Json.GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_change_needs_the_version_it_changes()
    {
        string id = Texts.NewId();
        await _service.PostAsync("/v1/campaigns", Texts.Campaign(id));
        string change = Texts.Campaign(id, budget: 50);
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", change)).ExpectProblem((HttpStatusCode)428);
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", change, null, ("If-Match", "\"2\""))).ExpectProblem(HttpStatusCode.PreconditionFailed);
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", change, null, ("If-Match", "\"x\""))).ExpectProblem(HttpStatusCode.PreconditionFailed);
        Answer changed = (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", change, null, ("If-Match", "\"1\""))).Expect(HttpStatusCode.OK);
        Assert.Equal("\"2\"", changed.Headers.ETag!.Tag);
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", change, null, ("If-Match", "\"1\""))).ExpectProblem(HttpStatusCode.PreconditionFailed);
        Assert.Equal(50m, (await _service.GetAsync($"/v1/campaigns/{id}")).Json.GetProperty("dailyBudget").GetDecimal());
    }

    [Fact]
    public async Task A_change_under_another_id_is_refused()
    {
        string id = Texts.NewId();
        await _service.PostAsync("/v1/campaigns", Texts.Campaign(id));
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", Texts.Campaign("another"), null, ("If-Match", "\"1\""))).ExpectProblem(HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("GET", "/v1/campaigns/nobody")]
    [InlineData("PUT", "/v1/campaigns/nobody")]
    [InlineData("DELETE", "/v1/campaigns/nobody")]
    [InlineData("GET", "/v1/campaigns/nobody/trajectory")]
    [InlineData("GET", "/v1/campaigns/nobody/days")]
    [InlineData("GET", "/v1/campaigns/nobody/decisions")]
    [InlineData("GET", "/v1/nothing")]
    public async Task What_does_not_exist_gets_404(string method, string path)
        => (await _service.SendAsync(new HttpMethod(method), path, method == "PUT" ? Texts.Campaign("nobody") : null, null, ("If-Match", "\"1\"")))
            .ExpectProblem(HttpStatusCode.NotFound);

    [Fact]
    public async Task The_list_is_read_page_by_page()
    {
        await using TestService service = await TestService.StartAsync();
        for (int i = 0; i < 5; i++) (await service.PostAsync("/v1/campaigns", Texts.Campaign($"p{i}"))).Expect(HttpStatusCode.Created);
        var seen = new List<string>();
        for (string? after = ""; after is not null;)
        {
            JsonElement page = (await service.GetAsync($"/v1/campaigns?limit=2&after={after}")).Expect(HttpStatusCode.OK).Json;
            seen.AddRange(page.GetProperty("campaigns").EnumerateArray().Select(c => c.GetProperty("id").GetString()!));
            after = page.GetProperty("next").GetString();
        }

        Assert.Equal(["p0", "p1", "p2", "p3", "p4"], seen);
        (await service.GetAsync("/v1/campaigns?limit=many")).ExpectProblem(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_lower_budget_stops_grants_and_never_unsettles()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        JsonElement bid = (await _service.BidAsync(Texts.Bid(id))).Bid;
        await _service.NoticeAsync(bid, "burl", "50");
        await _service.AdvanceAsync(_service.Now);
        (await _service.SendAsync(HttpMethod.Put, $"/v1/campaigns/{id}", Texts.Campaign(id, budget: 0.01m), null, ("If-Match", "\"1\""))).Expect(HttpStatusCode.OK);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        var row = await _service.DayRowAsync(id);
        Assert.Equal(50_000_000, row.SettledNanos);
        Assert.True(row.BudgetNanos >= row.SettledNanos + row.OutstandingNanos);
        Assert.NotNull((await _service.BidAsync(Texts.Bid(id))).NoBid);
    }

    private Task<Answer> PostOnceAsync(string body, string key)
        => _service.SendAsync(HttpMethod.Post, "/v1/campaigns", body, null, ("Idempotency-Key", key));
}
