using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The same script against two services: the same decisions, to the last bit of the hash.</summary>
[Collection(ServiceCollection.Name)]
public sealed class DeterminismTests
{
    [Fact]
    public async Task A_scripted_day_gives_the_same_hash_twice_and_another_day_another()
    {
        (string hash, string day) = await PlayAsync(7);
        (string again, string dayAgain) = await PlayAsync(7);
        (string other, _) = await PlayAsync(8);
        Assert.Equal(day, dayAgain);
        Assert.Equal(hash, again);
        Assert.NotEqual(hash, other);
    }

    private static async Task<(string Hash, string Day)> PlayAsync(int seed)
    {
        var random = new Random(seed);
        await using TestService service = await TestService.StartAsync();
        string[] policies = ["mpc", "pid", "constant", "mpc"];
        for (int c = 0; c < policies.Length; c++)
        {
            string objective = c == 3 ? "\"objective\":\"MaxConversions\",\"reference\":0.8" : "\"objective\":\"TargetCpa\",\"target\":1";
            await service.PostAsync("/v1/campaigns", $$"""{"id":"c{{c}}",{{objective}},"dailyBudget":{{4 * (c + 1)}},"policy":"{{policies[c]}}"}""");
        }

        await service.AdvanceAsync(service.Now);
        string hash = "";
        for (int step = 1; step <= 48; step++)
        {
            for (int i = 0; i < 8; i++)
            {
                string candidates = string.Join(',', policies.Select((_, c) => Texts.Candidate($"c{c}", Math.Round(0.08 * random.NextDouble(), 7))));
                Answer answer = await service.BidAsync(Texts.Request(Texts.Imp("1", candidates)));
                if (answer.NoBid is not null) continue;
                double market = 20 + 40 * random.NextDouble(), price = answer.Bid.GetProperty("price").GetDouble();
                string least = Math.Round(market, 6).ToString(System.Globalization.CultureInfo.InvariantCulture);
                if (price >= market) await service.NoticeAsync(answer.Bid, "burl", least, minimum: least);
                else await service.NoticeAsync(answer.Bid, "lurl", null, minimum: least);
                if (random.NextDouble() < 0.1)
                    await service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(answer.Bid.GetProperty("cid").GetString()!, $"v{step}-{i}", service.Now, 1_000_000)));
            }

            hash = (await service.AdvanceAsync(TestService.Midnight + step * TimeSpan.FromMinutes(30))).GetProperty("decisionsHash").GetString()!;
        }

        var budgets = new List<string>();
        for (int c = 0; c < policies.Length; c++) budgets.Add($"{await service.SettledAsync($"c{c}")}");
        Assert.Contains(budgets, spent => spent != "0");
        return (hash, string.Join(' ', budgets));
    }
}
