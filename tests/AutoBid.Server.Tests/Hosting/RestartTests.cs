using System.Net;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>The same data folder under a second process.</summary>
[Collection(ServiceCollection.Name)]
public sealed class RestartTests
{
    private static readonly TimeSpan HalfHour = TimeSpan.FromMinutes(30);

    [Fact]
    public async Task State_comes_back_and_what_was_open_settles_under_its_old_lease()
    {
        using var folder = new TempFolder();
        JsonElement billed, open, unread;
        string before;
        DateTimeOffset stopped;
        await using (TestService first = await TestService.StartAsync(dataFolder: folder.Path))
        {
            await first.CreateAsync("c");
            billed = (await first.BidAsync(Texts.Bid("c"))).Bid;
            open = (await first.BidAsync(Texts.Bid("c"))).Bid;
            unread = (await first.BidAsync(Texts.Bid("c"))).Bid;
            await first.NoticeAsync(billed, "burl", "40");
            await first.PostAsync("/v1/events", Texts.Events(Texts.Conversion("c", "k", first.Now, 2_000_000)));
            await first.AdvanceByAsync(HalfHour);
            // Acknowledged, in the log, not applied when the process ends.
            (await first.NoticeAsync(unread, "burl", "30")).ExpectEmpty(HttpStatusCode.OK);
            before = (await first.TrajectoryAsync("c")).GetRawText();
            stopped = first.Now;
        }

        await using TestService second = await TestService.StartAsync(options => options with { VirtualStart = stopped }, folder.Path);
        JsonElement day = await second.TrajectoryAsync("c");
        Assert.Equal(0.04m, day.GetProperty("spent").GetDecimal());
        Assert.Equal(1, day.GetProperty("conversions").GetInt32());
        Assert.Equal(JsonSerializer.Deserialize<JsonElement>(before).GetProperty("steps")[0].GetRawText(), day.GetProperty("steps")[0].GetRawText());

        await second.AdvanceAsync(second.Now);
        Assert.Equal(0.07m, await second.SettledAsync("c"));
        // The old token is still good, and the old lease still pays.
        (await second.NoticeAsync(open, "burl", "50")).ExpectEmpty(HttpStatusCode.OK);
        await second.AdvanceAsync(second.Now);
        Assert.Equal(0.12m, await second.SettledAsync("c"));

        // Everything again: nothing changes.
        double duplicates = await second.MetricAsync("autobid_events_duplicate_total{kind=\"bill\"}");
        foreach ((JsonElement bid, string price) in new[] { (billed, "40"), (open, "50"), (unread, "30") }) await second.NoticeAsync(bid, "burl", price);
        await second.PostAsync("/v1/events", Texts.Events(Texts.Conversion("c", "k", stopped, 2_000_000)));
        await second.AdvanceByAsync(HalfHour);
        Assert.Equal(duplicates + 3, await second.MetricAsync("autobid_events_duplicate_total{kind=\"bill\"}"));
        Assert.Equal(0.12m, await second.SettledAsync("c"));
        Assert.Equal(1, (await second.TrajectoryAsync("c")).GetProperty("conversions").GetInt32());
        Assert.Empty(await second.AdjustmentsAsync("c"));

        Answer bids = await second.BidAsync(Texts.Bid("c"));
        Assert.Null(bids.NoBid);
        Assert.DoesNotContain(bids.Bid.GetProperty("id").GetString(), new[] { billed, open, unread }.Select(bid => bid.GetProperty("id").GetString()));
        var row = await second.DayRowAsync("c");
        Assert.True(row.SettledNanos + row.OutstandingNanos <= row.BudgetNanos);
    }

    [Fact]
    public async Task Settings_and_keys_come_back()
    {
        using var folder = new TempFolder();
        string key;
        await using (TestService first = await TestService.StartAsync(dataFolder: folder.Path))
        {
            await first.CreateAsync("c");
            (await first.SendAsync(HttpMethod.Put, "/v1/campaigns/c", Texts.Campaign("c", target: 50), null, ("If-Match", "\"1\""))).Expect(HttpStatusCode.OK);
            key = await first.Keys.CreateAsync("default", ["admin"], [], TestContext.Current.CancellationToken);
        }

        await using TestService second = await TestService.StartAsync(dataFolder: folder.Path);
        (await second.GetAsync("/v1/campaigns/c")).ExpectProblem(HttpStatusCode.Unauthorized);
        Answer campaign = (await second.GetAsync("/v1/campaigns/c", key)).Expect(HttpStatusCode.OK);
        Assert.Equal("\"2\"", campaign.Headers.ETag!.Tag);
        await second.AdvanceAsync(second.Now, key);
        Assert.Equal(25m, (await second.BidAsync(Texts.Bid("c"), key)).Bid.GetProperty("price").GetDecimal());
    }

    [Fact]
    public async Task A_day_over_which_the_service_was_away_is_closed()
    {
        using var folder = new TempFolder();
        await using (TestService first = await TestService.StartAsync(dataFolder: folder.Path))
        {
            await first.CreateAsync("c");
            JsonElement bid = (await first.BidAsync(Texts.Bid("c"))).Bid;
            await first.NoticeAsync(bid, "burl", "40");
            await first.AdvanceByAsync(HalfHour);
        }

        await using TestService second = await TestService.StartAsync(options => options with { VirtualStart = TestService.Midnight.AddHours(26) }, folder.Path);
        await second.AdvanceAsync(second.Now);
        JsonElement day = await second.TrajectoryAsync("c");
        Assert.Equal(20260106, day.GetProperty("day").GetInt32());
        Assert.Equal(0m, day.GetProperty("spent").GetDecimal());
        Assert.Null((await second.BidAsync(Texts.Bid("c"))).NoBid);
        Assert.Equal(0.04m, await second.SettledAsync("c"));
    }
}
