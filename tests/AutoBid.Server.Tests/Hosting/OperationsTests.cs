using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>Health, metrics and the OpenAPI document of a running service.</summary>
[Collection(ServiceCollection.Name)]
public sealed class OperationsTests(ServiceFixture fixture) : IClassFixture<ServiceFixture>
{
    private readonly TestService _service = fixture.Service;

    [Fact]
    public async Task A_started_service_lives_and_is_ready()
    {
        Assert.Equal("live", (await _service.GetAsync("/health/live")).Expect(HttpStatusCode.OK).Text);
        Assert.Equal("ready", (await _service.GetAsync("/health/ready")).Expect(HttpStatusCode.OK).Text);
    }

    [Fact]
    public async Task Promtool_finds_nothing_wrong_with_the_metrics()
    {
        string id = Texts.NewId();
        await _service.CreateAsync(id, ",\"accountConstant\":3,\"maxMultiplier\":2");
        string cold = Texts.NewId();
        (await _service.PostAsync("/v1/campaigns", $$"""{"id":"{{cold}}","objective":"TargetCpa","target":1,"dailyBudget":10}""")).Expect(HttpStatusCode.Created);
        JsonElement bid = (await _service.BidAsync(Texts.Bid(id))).Bid;
        await _service.NoticeAsync(bid, "burl", "40");
        await _service.PostAsync("/v1/events", Texts.Events(Texts.Conversion(id, id, _service.Now), "{}"));
        await _service.PostAsync("/v1/decisions", """{"requests":[]}""");
        await _service.AdvanceByAsync(TimeSpan.FromMinutes(30));
        string page = (await _service.GetAsync("/metrics")).Expect(HttpStatusCode.OK).Text;
        foreach (string name in new[] { "autobid_bid_duration_seconds", "autobid_notices_total", "autobid_events_applied_total", "autobid_tick_duration_seconds", "autobid_guard_total" })
            Assert.Contains(name, page, StringComparison.Ordinal);
        Assert.DoesNotContain(id, page, StringComparison.Ordinal);

        using Process? promtool = StartPromtool();
        Assert.SkipWhen(promtool is null, "promtool is not on this machine (Debian's package prometheus has it)");
        await promtool!.StandardInput.WriteAsync(page);
        promtool.StandardInput.Close();
        string said = await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken) + await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        // The .NET runtime names three gauges with _count itself.
        Assert.All(said.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Matches("^dotnet_.*_count", line));
        Assert.NotEqual(1, promtool.ExitCode);
    }

    [Fact]
    public async Task The_openapi_document_lists_the_api()
    {
        JsonElement document = (await _service.GetAsync("/openapi/v1.json")).Expect(HttpStatusCode.OK).Json;
        Assert.StartsWith("3.", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        JsonElement paths = document.GetProperty("paths");
        string[] expected =
        [
            "/v1/campaigns", "/v1/campaigns/{id}", "/v1/campaigns/{id}/trajectory", "/v1/campaigns/{id}/days", "/v1/campaigns/{id}/decisions",
            "/v1/events", "/v1/multipliers", "/v1/decisions", "/v1/clock",
        ];
        foreach (string path in expected) Assert.True(paths.TryGetProperty(path, out _), path);
        string body = paths.GetProperty("/v1/campaigns").GetProperty("post").GetProperty("requestBody").GetRawText();
        Assert.Contains("CampaignDocument", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_takes_an_instant_and_never_goes_back()
    {
        (await _service.PostAsync("/v1/clock", "{")).ExpectProblem(HttpStatusCode.BadRequest);
        (await _service.PostAsync("/v1/clock", "{}")).ExpectProblem(HttpStatusCode.BadRequest);
        (await _service.PostAsync("/v1/clock", """{"advanceTo":"soon"}""")).ExpectProblem(HttpStatusCode.BadRequest);
        (await _service.PostAsync("/v1/clock", """{"advanceTo":"9000-01-01T00:00:00Z"}""")).ExpectProblem(HttpStatusCode.BadRequest);
        (await _service.PostAsync("/v1/clock", """{"advanceTo":"2020-01-01T00:00:00Z"}""")).ExpectProblem(HttpStatusCode.Conflict);
    }

    [Fact]
    public async Task A_method_that_a_path_does_not_know_gets_405()
    {
        (await _service.SendAsync(HttpMethod.Patch, "/v1/campaigns", "{}")).ExpectProblem(HttpStatusCode.MethodNotAllowed);
        (await _service.GetAsync("/openrtb2/bid")).ExpectEmpty(HttpStatusCode.MethodNotAllowed);
    }

    private static Process? StartPromtool()
    {
        try
        {
            return Process.Start(new ProcessStartInfo("promtool", "check metrics") { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}
