using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Campaigns;

/// <summary>GET /v1/campaigns/{id}/days: conversions by click, spend by bid day, versions.</summary>
[Collection(ServiceCollection.Name)]
public sealed class ClickDaysTests
{
    private static string Convert(string id, DateTimeOffset click, DateTimeOffset time, string kind = "convert", int revision = 0, long micros = 2_500_000)
        => Texts.Item(
            "autobid.conversions",
            $$"""{"v":1,"kind":"{{kind}}","id":"{{id}}","revision":{{revision}},"source":"pixel","campaign":"days","valueMicros":{{micros}},"clickTime":"{{Texts.Instant(click)}}","time":"{{Texts.Instant(time)}}"}""");

    private static string Correction(string id, long nanos, DateTimeOffset bid, DateTimeOffset time)
        => Texts.Item(
            "autobid.spend",
            $$"""{"v":1,"kind":"adjust","via":"burl","exchange":"default","auction":"a","imp":"1","bid":"b","id":"{{id}}","campaign":"days","priceNanos":{{nanos}},"currency":"USD","time":"{{Texts.Instant(time)}}","bidTime":"{{Texts.Instant(bid)}}"}""");

    private static string Text(JsonElement row)
        => string.Join(' ', row.GetProperty("day"), row.GetProperty("version"), row.GetProperty("spend").GetDouble(), row.GetProperty("conversions"), row.GetProperty("conversionValue").GetDouble(), row.GetProperty("closed"));

    [Fact]
    public async Task The_days_follow_clicks_bids_corrections_and_retractions_and_survive_a_restart()
    {
        using var folder = new TempFolder();
        string[] before;
        DateTimeOffset end = TestService.Midnight.AddHours(30);
        await using (TestService service = await TestService.StartAsync(dataFolder: folder.Path))
        {
            await service.CreateAsync("days");
            Answer bid = await service.BidAsync(Texts.Bid("days"));
            await service.NoticeAsync(bid.Bid, "burl", "40", minimum: "40");
            await service.AdvanceAsync(TestService.Midnight.AddHours(26));
            async Task<string[]> DaysAsync() => [.. (await service.GetAsync("/v1/campaigns/days/days")).Expect(System.Net.HttpStatusCode.OK).Json.EnumerateArray().Select(Text)];
            string[] first = await DaysAsync();
            Assert.Equal(2, first.Length);
            Assert.StartsWith("20260105 1 0.04", first[0], StringComparison.Ordinal);

            DateTimeOffset click = TestService.Midnight.AddHours(5), time = TestService.Midnight.AddHours(25);
            await service.PostAsync("/v1/events", Texts.Events(Convert("k1", click, time), Convert("k2", click, time), Correction("r", -10_000_000, click, time)));
            await service.AdvanceAsync(TestService.Midnight.AddHours(27));
            string[] corrected = await DaysAsync();
            Assert.Equal(["20260105 4 0.03 2 5 False", "20260106 0 0 0 0 False"], corrected);
            // Twice the same is no new version; a retraction is one.
            await service.PostAsync("/v1/events", Texts.Events(Convert("k1", click, time), Convert("k2", click, time.AddHours(1), "retract", 1)));
            await service.AdvanceAsync(end);
            before = await DaysAsync();
            Assert.Equal("20260105 5 0.03 1 2.5 False", before[0]);
            JsonElement row = (await service.GetAsync("/v1/campaigns/days/days")).Json[0];
            Assert.True(row.GetProperty("expectedFinalConversions").GetDouble() >= 1);
        }

        await using TestService again = await TestService.StartAsync(options => options with { VirtualStart = end }, folder.Path);
        string[] after = [.. (await again.GetAsync("/v1/campaigns/days/days")).Json.EnumerateArray().Select(Text)];
        Assert.Equal(before, after);
    }
}
