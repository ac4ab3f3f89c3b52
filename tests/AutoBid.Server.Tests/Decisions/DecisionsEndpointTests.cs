using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Decisions;

/// <summary>POST /v1/decisions: the contract of design.md section 7.</summary>
[Collection(ServiceCollection.Name)]
public sealed class DecisionsEndpointTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    /// <summary>The example of design.md section 7, with the policy that needs no model and a history as long as its tick.</summary>
    private static readonly string Example = Item("c1", "\"mode\":\"SpendFirst\",\"policy\":\"mpc\"");

    private readonly TestService _service = fixture.Service;

    public static TheoryData<string, string> BadItems => new()
    {
        { "7", "" },
        { "null", "" },
        { """{"id":"b"}""", "campaign" },
        { """{"id":"b","campaign":{}}""", "objective" },
        { """{"id":"b","campaign":{"objective":"Fame","budget":10}}""", "objective" },
        { """{"id":"b","campaign":{"objective":2,"budget":10,"target":1}}""", "objective" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","target":1}}""", "budget" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":-10,"target":1}}""", "budget" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":1e300,"target":1}}""", "budget" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10}}""", "target" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1e-300}}""", "target" },
        { """{"id":"b","campaign":{"objective":"MaxConversions","budget":10}}""", "reference" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1,"policy":"magic"}}""", "policy" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1,"minMultiplier":5}}""", "minMultiplier" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"ticks":24}""", "ticks" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"tick":3,"history":[]}""", "tick" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[null]}""", "history" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"cost":-1}]}""", "cost" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"conversions":1e999}]}""", "conversions" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"impressions":1e300,"meanValue":1e300}]}""", "impressions" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"open":{"cost":-1}}""", "open" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"response":{"bidPerValue":[1],"cost":[1],"value":[1]}}]}""", "response" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"response":{"bidPerValue":[2,1],"cost":[1,2],"value":[1,2]}}]}""", "response" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"response":{"bidPerValue":[1,2],"cost":[1],"value":[1,2]}}]}""", "response" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"response":{}}]}""", "response" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"prior":{"bidPerValue":[1,2],"cost":[1,-2],"value":[1,2]}}""", "prior" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"prior":{"bidPerValue":[1,2],"cost":[1,2],"value":[1,2],"shape":[1]}}""", "prior" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"prior":{"bidPerValue":[1,2],"cost":[1,2],"value":[1,1e308]}}""", "prior" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"prior":{"bidPerValue":[1,2],"cost":[1,2],"value":[1,2],"regimeSteps":-1}}""", "prior" },
        { """{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{"cost":"\ud800"}]}""", "" },
        { $$"""{"id":"b","campaign":{"objective":"TargetCpa","budget":10,"target":1},"history":[{{string.Join(',', Enumerable.Repeat("{}", 48))}}]}""", "history" },
    };

    [Fact]
    public async Task The_example_of_the_contract_is_answered()
    {
        JsonElement decision = await DecideAsync(Example);
        Assert.Equal("c1", decision.GetProperty("id").GetString());
        double multiplier = decision.GetProperty("multiplier").GetDouble();
        Assert.InRange(multiplier, 0.05, 4);
        Assert.Equal(multiplier * 100, decision.GetProperty("bidPerValue").GetDouble(), 1e-9);
        Assert.Equal("mpc", decision.GetProperty("policy").GetString());
        Assert.True(decision.GetProperty("rawMultiplier").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Null, decision.GetProperty("fallback").ValueKind);
        Assert.Equal(JsonValueKind.Array, decision.GetProperty("reasons").ValueKind);
        Assert.True(decision.GetProperty("latencyMs").GetDouble() >= 0);
        JsonElement plan = decision.GetProperty("plan");
        double[] left = [.. plan.GetProperty("budgetLeft").EnumerateArray().Select(v => v.GetDouble())];
        Assert.Equal(36, left.Length);
        Assert.Equal(left.OrderDescending(), left);
        Assert.InRange(left[0], 0, 1);
        Assert.Equal(36, plan.GetProperty("returnToGo").GetArrayLength());
    }

    [Fact]
    public async Task The_same_request_gets_the_same_decision()
    {
        JsonElement first = await DecideAsync(Example), second = await DecideAsync(Example);
        Assert.Equal(first.GetProperty("multiplier").GetDouble(), second.GetProperty("multiplier").GetDouble());
    }

    [Fact]
    public async Task The_place_in_a_batch_changes_no_decision()
    {
        double alone = (await DecideAsync(Example)).GetProperty("multiplier").GetDouble();
        string[] items = [.. Enumerable.Range(0, 40).Select(i => i == 17 ? Example : Item($"x{i}", "\"policy\":\"mpc\"", budget: 100 + 70 * i))];
        JsonElement decisions = await BatchAsync(items);
        Assert.Equal(alone, decisions[17].GetProperty("multiplier").GetDouble());
        Assert.True(decisions.EnumerateArray().Select(d => d.GetProperty("multiplier").GetDouble()).Distinct().Count() > 5);
    }

    [Fact]
    public async Task A_larger_budget_never_bids_less()
    {
        double last = 0;
        foreach (int budget in new[] { 900, 1500, 3000, 6000 })
        {
            double multiplier = (await DecideAsync(Item("c", "\"mode\":\"SpendFirst\",\"policy\":\"mpc\"", budget))).GetProperty("multiplier").GetDouble();
            Assert.True(multiplier >= last - 1e-9, $"{budget}: {multiplier} after {last}");
            last = multiplier;
        }
    }

    [Fact]
    public async Task A_prior_alone_decides_from_step_0()
    {
        string item = """
            {"id":"p","campaign":{"objective":"TargetCpa","budget":290,"target":100,"policy":"mpc","mode":"SpendFirst"},
             "prior":{"bidPerValue":[40,60,90],"cost":[0.0011,0.0038,0.0085],"value":[0.00003,0.00008,0.00013],"regimeSteps":8,"opportunitiesPerDay":50000},"tick":0}
            """;
        JsonElement decision = await DecideAsync(item);
        Assert.DoesNotContain("cold-start", decision.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()));
        Assert.NotEqual(1, decision.GetProperty("multiplier").GetDouble());
        JsonElement without = await DecideAsync("""{"id":"p","campaign":{"objective":"TargetCpa","budget":290,"target":100,"policy":"mpc","accountConstant":0.7}}""");
        Assert.Contains("cold-start", without.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()));
        Assert.Equal(0.7, without.GetProperty("multiplier").GetDouble());
    }

    [Fact]
    public async Task A_budget_that_is_spent_bids_the_least()
    {
        JsonElement decision = await DecideAsync(
            """{"id":"s","campaign":{"objective":"TargetCpa","budget":10,"target":100,"policy":"constant"},"history":[{"impressions":100,"meanValue":0.001,"bidPerValue":100,"cost":10}]}""");
        Assert.Contains("budget", decision.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()));
        Assert.Equal(0.05, decision.GetProperty("multiplier").GetDouble());
    }

    [Theory]
    [InlineData("mpc")]
    [InlineData("constant")]
    public async Task A_curve_of_thousands_of_budgets_costs_nobody_an_answer(string policy)
    {
        string extreme = $$"""
            {"id":"x","campaign":{"objective":"TargetCpa","budget":0.0001,"target":100,"policy":"{{policy}}"},
             "history":[{"impressions":100,"meanValue":0.001,"bidPerValue":80,"cost":0.00001,"response":{"bidPerValue":[40,60,90],"cost":[12.1,40,88],"value":[0.3,0.8,1.4]} }]}
            """;
        JsonElement decisions = await BatchAsync(Example, extreme);
        Assert.True(decisions[0].GetProperty("multiplier").GetDouble() > 0);
        Assert.True(decisions[1].GetProperty("multiplier").GetDouble() > 0);
    }

    [Fact]
    public async Task A_projection_that_is_no_number_is_no_plan_and_costs_nobody_an_answer()
    {
        const string Extreme = """
            {"id":"x","campaign":{"objective":"TargetCpa","budget":1e-9,"target":1e15,"policy":"constant"},"current":{"impressions":1e15,"meanValue":1e15},
             "prior":{"bidPerValue":[1,2],"cost":[1e15,1e15],"value":[1e15,1e15],"meanValue":1e-300,"reference":1e15,"opportunitiesPerDay":1e15}}
            """;
        JsonElement decisions = await BatchAsync(Example, Extreme);
        Assert.True(decisions[0].GetProperty("multiplier").GetDouble() > 0);
        Assert.True(decisions[1].GetProperty("multiplier").GetDouble() > 0);
        Assert.Equal(JsonValueKind.Null, decisions[1].GetProperty("plan").ValueKind);
    }

    [Theory]
    [MemberData(nameof(BadItems))]
    public async Task A_bad_item_gets_its_error_in_its_place(string bad, string names)
    {
        JsonElement decisions = await BatchAsync(Example, bad, Example.Replace("c1", "c2", StringComparison.Ordinal));
        Assert.Equal("c1", decisions[0].GetProperty("id").GetString());
        Assert.Equal("c2", decisions[2].GetProperty("id").GetString());
        Assert.Equal(decisions[0].GetProperty("multiplier").GetDouble(), decisions[2].GetProperty("multiplier").GetDouble());
        Assert.Contains(names, decisions[1].GetProperty("error").GetString(), StringComparison.Ordinal);
        if (bad.StartsWith('{')) Assert.Equal("b", decisions[1].GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"requests":7}""")]
    [InlineData("""{"request\ud800":[]}""")]
    public async Task A_bad_envelope_gets_400(string body) => (await _service.PostAsync("/v1/decisions", body)).ExpectProblem(HttpStatusCode.BadRequest);

    [Fact]
    public async Task Batches_have_a_limit()
    {
        string item = """{"id":"c","campaign":{"objective":"TargetCpa","budget":10,"target":1,"policy":"constant"}}""";
        Assert.Equal(1024, (await BatchAsync([.. Enumerable.Repeat(item, 1024)])).GetArrayLength());
        (await _service.PostAsync("/v1/decisions", $$"""{"requests":[{{string.Join(',', Enumerable.Repeat(item, 1025))}}]}""")).ExpectProblem(HttpStatusCode.BadRequest);
        var content = new StringContent("{}", Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("zstd");
        (await _service.SendAsync(HttpMethod.Post, "/v1/decisions", content, null)).ExpectProblem(HttpStatusCode.UnsupportedMediaType);
        (await _service.PostAsync("/v1/decisions", $$"""{"requests":[],"x":{{new string('[', 80)}}{{new string(']', 80)}}}""")).ExpectProblem(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_deadline_that_has_passed_falls_back_and_says_so()
    {
        await using TestService live = await TestService.StartAsync(options => options with { VirtualClock = false });
        string body = $$"""{"requests":[{{Example[..^1]}},"deadlineMs":0.000001}]}""";
        JsonElement decision = (await live.PostAsync("/v1/decisions", body)).Expect(HttpStatusCode.OK).Json.GetProperty("decisions")[0];
        Assert.Equal("deadline", decision.GetProperty("fallback").GetProperty("reason").GetString());
        // The last multiplier of the history is one step old: it is the first of the chain.
        Assert.Equal("last", decision.GetProperty("fallback").GetProperty("step").GetString());
        Assert.Equal(1, decision.GetProperty("multiplier").GetDouble(), 1e-6);
        JsonElement patient = (await live.PostAsync("/v1/decisions", $$"""{"requests":[{{Example[..^1]}},"deadlineMs":1000}]}""")).Json.GetProperty("decisions")[0];
        Assert.Equal(JsonValueKind.Null, patient.GetProperty("fallback").ValueKind);
    }

    private static string Item(string id, string campaign, int budget = 2900)
    {
        string step = """
            {"impressions":10416,"meanValue":0.00051,"bidPerValue":100,"meanBid":0.051,"meanLeastWinningCost":0.095,"wins":812,"exposures":700,"cost":61.2,
             "conversions":1,"conversionValue":0,"valueWon":0.9,"response":{"bidPerValue":[40,60,90],"cost":[12.1,40.2,88.0],"value":[0.3,0.8,1.4]}}
            """;
        return $$"""
            {"id":"{{id}}","campaign":{"objective":"TargetCpa","budget":{{budget}},"target":100,{{campaign}}},
             "prior":{"bidPerValue":[40,60,90],"cost":[0.0011,0.0038,0.0085],"value":[0.00003,0.00008,0.00013],"regimeSteps":8},
             "ticks":48,"tick":12,"history":[{{string.Join(',', Enumerable.Repeat(step, 12))}}],
             "open":{"elapsed":0.4,"impressions":4100,"cost":22.0},"current":{"impressions":9800,"meanValue":0.00058},"unknown":true}
            """;
    }

    private async Task<JsonElement> DecideAsync(string item)
    {
        JsonElement decision = (await BatchAsync(item))[0];
        Assert.False(decision.TryGetProperty("error", out JsonElement error), error.ToString());
        return decision;
    }

    private async Task<JsonElement> BatchAsync(params string[] items)
        => (await _service.PostAsync("/v1/decisions", $$"""{"requests":[{{string.Join(',', items)}}]}""")).Expect(HttpStatusCode.OK).Json.GetProperty("decisions");
}
