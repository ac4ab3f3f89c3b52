using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Fuzzing;

/// <summary>Damaged requests never make the service fail: an answer below 500, and afterwards it still works.</summary>
[Collection(ServiceCollection.Name)]
public sealed class HttpFuzzTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private const int Rounds = 1_500;

    private const string Step =
        """{"impressions":10416,"meanValue":0.00051,"bidPerValue":100,"wins":812,"cost":61.2,"conversions":1,"valueWon":0.9,"response":{"bidPerValue":[40,60,90],"cost":[12.1,40.2,88.0],"value":[0.3,0.8,1.4]}}""";

    private readonly TestService _service = fixture.Service;

    [Fact]
    public async Task Bid_requests()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 1000);
        string imp = Texts.Imp(
            "1", $"{Texts.Candidate(id, 0.0005, ",\"mtype\":1,\"w\":300,\"h\":250,\"cat\":[\"IAB1\"],\"deals\":[\"d1\"]")},{Texts.Candidate("nobody")}",
            ",\"bidfloor\":1.5,\"bidfloorcur\":\"USD\",\"pmp\":{\"private_auction\":0,\"deals\":[{\"id\":\"d1\",\"bidfloor\":2,\"at\":1}]}");
        string valid = Texts.Request(imp, ",\"cur\":[\"USD\"],\"tmax\":100,\"at\":2,\"wseat\":[],\"test\":0,\"user\":{\"id\":\"u\"}");
        int answered = await FuzzAsync("/openrtb2/bid", valid, 1);
        Assert.InRange(answered, 10, Rounds);
        Assert.Null((await _service.BidAsync(Texts.Bid(id))).NoBid);
    }

    [Fact]
    public async Task Decisions()
    {
        string valid = $$$"""{"requests":[{"id":"c1","deadlineMs":50,"campaign":{"objective":"TargetCpa","budget":2900,"target":100,"policy":"mpc"},"prior":{"bidPerValue":[40,60,90],"cost":[0.0011,0.0038,0.0085],"value":[0.00003,0.00008,0.00013],"regimeSteps":8},"history":[{{{Step}}},{{{Step}}}],"open":{"elapsed":0.4,"impressions":4100,"cost":22.0},"current":{"impressions":9800,"meanValue":0.00058}}]}""";
        Assert.InRange(await FuzzAsync("/v1/decisions", valid, 2), 10, Rounds);
    }

    [Fact]
    public async Task Events()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        string valid = Texts.Events(Texts.Conversion(id, "f", _service.Now, 5), Texts.Bill(id, 7, 7, 10, _service.Now));
        Assert.InRange(await FuzzAsync("/v1/events", valid, 3), 10, Rounds);
        // What was accepted can be applied.
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.Null((await _service.BidAsync(Texts.Bid(id))).NoBid);
    }

    [Fact]
    public async Task Campaigns()
    {
        string valid = Texts.Campaign("fuzz", ",\"name\":\"n\",\"schedule\":{\"timeZone\":\"Europe/Berlin\",\"hours\":[1,2],\"flightStart\":\"2026-01-01T00:00:00Z\"},\"reservation\":\"Strict\",\"bidCapCpm\":10,\"account\":\"a\",\"accountBudget\":7");
        Assert.InRange(await FuzzAsync("/v1/campaigns", valid, 4, body => body.Replace("fuzz", Texts.NewId("fuzz"), StringComparison.Ordinal), rounds: 400), 3, 400);
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        Assert.Null((await _service.BidAsync(Texts.Bid(id))).NoBid);
    }

    [Fact]
    public async Task Multipliers()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id);
        Assert.InRange(await FuzzAsync("/v1/multipliers", $$"""{"node":"bidder-7","campaignIds":["{{id}}","x"]}""", 5, rounds: 300), 10, 300);
    }

    [Fact]
    public async Task Notices()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, budget: 1000);
        var random = new Random(6);
        int accepted = 0;
        for (int i = 0; i < 600; i++)
        {
            string weird = i % 3 == 0 ? Texts.NewId("r") : i % 3 == 1 ? $"r\\u0000\\u001f\\ud83d\\ude00{i}" : $"é\\\"\\\\{i}";
            var bid = (await _service.BidAsync(Texts.Request(Texts.Imp(weird, Texts.Candidate(id, 0.00001)), id: weird))).Bid;
            string url = Texts.Notice(bid.GetProperty(i % 2 == 0 ? "burl" : "lurl").GetString()!, "0.5", minimum: "0.6");
            int query = url.IndexOf('?', StringComparison.Ordinal) + 1;
            string mutant = i % 5 == 0 ? url[query..] : new string([.. Encoding.Latin1.GetString(RandomMutation.Of(url[query..], random)).Where(c => c is > ' ' and < '\u007f' and not '#')]);
            Answer answer = await _service.GetAsync($"{url[..query]}{mutant}");
            Assert.True((int)answer.Status < 500, $"{answer.Status} for {mutant}");
            Assert.Equal("", answer.Text);
            if (answer.Status == HttpStatusCode.OK) accepted++;
            else Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        }

        Assert.True(accepted >= 120, $"{accepted}");
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        Assert.True(await _service.SettledAsync(id) > 0);
    }

    /// <summary>Returns how many mutants got a 2xx.</summary>
    private async Task<int> FuzzAsync(string path, string valid, int seed, Func<string, string>? renew = null, int rounds = Rounds)
    {
        var random = new Random(seed);
        int answered = 0;
        for (int i = 0; i < rounds; i++)
        {
            byte[] body = RandomMutation.Of(renew?.Invoke(valid) ?? valid, random);
            var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            Answer answer = await _service.SendAsync(HttpMethod.Post, path, content, null);
            Assert.True((int)answer.Status < 500, $"{answer.Status} for {Encoding.UTF8.GetString(body)}");
            if ((int)answer.Status < 300) answered++;
        }

        return answered;
    }
}
