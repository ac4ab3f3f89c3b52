using System.Net;
using System.Text.Json;
using AutoBid.Engine.Ports;
using AutoBid.Server.Hosting;
using AutoBid.Server.Tests.Testing;
using AutoBid.Tests.Shared;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The service on PostgreSQL: what it does and what its ledger says are what they are on SQLite.</summary>
[Collection(ServiceCollection.Name)]
public sealed class PostgresServiceTests
{
    [Fact]
    public async Task Either_database_gives_the_same_decisions_and_the_same_ledger_and_both_survive_a_restart()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        await using PostgresServer server = await PostgresServer.StartAsync();
        string postgres = await server.NewSchemaAsync();
        Assert.Equal(await PlayAsync(null), await PlayAsync(postgres));
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_one_line_at_the_start()
    {
        using var folder = new TempFolder();
        ServeOptions options = TestService.OptionsIn(folder.Path) with { Postgres = "Host=127.0.0.1;Port=1;Username=u;Password=secret" };
        var error = await Assert.ThrowsAsync<StartupException>(() => AutoBidService.StartAsync(options, TestContext.Current.CancellationToken));
        Assert.Contains("127.0.0.1:1", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_database_is_away_callers_are_asked_to_come_again()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        await using PostgresServer server = await PostgresServer.StartAsync(own: true);
        await using TestService service = await TestService.StartAsync(options => options with { Postgres = server.ConnectionString });
        await service.CreateAsync("c1");
        server.Kill();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await service.GetAsync("/v1/campaigns/c1")).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await service.PostAsync("/v1/campaigns", Texts.Campaign("c2"))).Status);
        Assert.True((await service.BidAsync(Texts.Bid("c1"))).Expect(HttpStatusCode.OK).Json.TryGetProperty("seatbid", out _), "what is leased is bid with");
        await server.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await service.GetAsync("/v1/campaigns/c1")).Status);
        await service.CreateAsync("c2");
    }

    private static async Task<string> PlayAsync(string? postgres)
    {
        using var folder = new TempFolder();
        var answers = new List<string>();
        await using (TestService service = await TestService.StartAsync(options => options with { Postgres = postgres }, folder.Path))
        {
            await service.CreateAsync("c1", budget: 0.3m);
            await service.CreateAsync("c2", fields: ",\"account\":\"brand\",\"accountBudget\":0.2");
            for (int i = 0; i < 6; i++)
            {
                foreach (string id in new[] { "c1", "c2" })
                {
                    Answer answer = await service.BidAsync(Texts.Bid(id));
                    if (!answer.Expect(HttpStatusCode.OK).Json.TryGetProperty("seatbid", out _))
                    {
                        answers.Add($"{id} no bid");
                        continue;
                    }

                    answers.Add($"{id} {answer.Bid.GetProperty("price")}");
                    // Every other one is billed twice, one above its price.
                    string price = i == 4 ? "55" : "31.234567";
                    if (i % 2 == 0) (await service.NoticeAsync(answer.Bid, "burl", price)).ExpectEmpty(HttpStatusCode.OK);
                    (await service.NoticeAsync(answer.Bid, "burl", price)).ExpectEmpty(HttpStatusCode.OK);
                }

                answers.Add((await service.AdvanceByAsync(TimeSpan.FromMinutes(20))).GetProperty("decisionsHash").GetString()!);
            }

            answers.Add(await LedgerAsync(service));
        }

        await using TestService again = await TestService.StartAsync(options => options with { Postgres = postgres, VirtualStart = TestService.Midnight.AddHours(2) }, folder.Path);
        answers.Add(await LedgerAsync(again));
        JsonElement day = await again.TrajectoryAsync("c1");
        answers.Add($"{day.GetProperty("spent")} {day.GetProperty("adjustments")}");
        return string.Join('\n', answers);
    }

    private static async Task<string> LedgerAsync(TestService service)
    {
        var lines = new List<string>();
        foreach (string id in new[] { "c1", "c2" })
        {
            lines.AddRange((await service.Ledger.BudgetsAsync("default", id, default)).Select(row => $"{row}"));
            lines.AddRange((await service.AdjustmentsAsync(id)).Select(one => $"{one}"));
        }

        LedgerSnapshot snapshot = await service.Ledger.LoadAsync([.. Enumerable.Range(0, 8)], default);
        lines.AddRange(snapshot.Offsets.Select(at => $"{at}"));
        lines.AddRange(snapshot.States.Select(state => $"{state.CampaignId} {state.Partition} {state.Blob.Length}"));
        return string.Join('\n', lines);
    }
}
