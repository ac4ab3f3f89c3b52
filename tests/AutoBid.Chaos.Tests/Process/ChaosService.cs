using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using AutoBid.Streaming.Tests;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>One installation of the service over the lives of its processes: its data, its address, its campaigns.</summary>
internal sealed class ChaosService : IAsyncDisposable
{
    /// <summary>Plenty, soon used up, held by win rate, and two that share an account.</summary>
    private static readonly (string Id, decimal Budget, string Fields)[] Market =
    [
        ("rich", 5000, ""), ("poor", 8, ""), ("expected", 5000, ""","reservation":"Expected" """),
        ("first", 5000, ""","account":"brand","accountBudget":12"""), ("second", 5000, ""","account":"brand","accountBudget":12"""),
    ];

    private readonly TempFolder? _folder;
    private readonly string[] _arguments;
    private readonly HttpClient _http;

    private ChaosService(string? data, string[] arguments)
    {
        _folder = data is null ? new TempFolder() : null;
        Data = data ?? Directory.CreateDirectory(Path.Combine(_folder!.Path, "data")).FullName;
        _arguments = arguments;
        Port = ServeProcess.FreePort();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"));
        _http = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(5) };
    }

    public static IReadOnlyList<string> Campaigns { get; } = [.. Market.Select(one => one.Id)];

    public string Data { get; }

    public int Port { get; }

    public Uri Address { get; }

    public ServeProcess Process { get; private set; } = null!;

    /// <summary>When its first process began.</summary>
    public DateTimeOffset Began { get; private set; }

    /// <param name="data">Null: a folder of its own.</param>
    public static async Task<ChaosService> StartAsync(string? data = null, params string[] arguments)
    {
        var service = new ChaosService(data, arguments);
        service.Began = DateTimeOffset.UtcNow;
        await service.RestartAsync();
        await CreateCampaignsAsync(service._http);
        return service;
    }

    /// <summary>Makes the market's campaigns through the API of a service.</summary>
    public static async Task CreateCampaignsAsync(HttpClient http)
    {
        foreach ((string id, decimal budget, string fields) in Market)
        {
            string body = string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"id":"{{id}}","objective":"TargetCpa","dailyBudget":{{budget}},"target":100,"policy":"constant","mode":"SpendFirst","schedule":{"timeZone":"{{Zone}}"}{{fields}}}""");
            using HttpResponseMessage answer = await http.PostAsync(new Uri("/v1/campaigns", UriKind.Relative), new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
            Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync());
        }
    }

    public async Task RestartAsync() => Process = await ServeProcess.StartAsync(Port, Data, _arguments);

    public async Task KillAsync()
    {
        await Process.KillAsync();
        await Process.DisposeAsync();
    }

    /// <summary>/health/ready: status and reason.</summary>
    public async Task<(HttpStatusCode Status, string Reason)> ReadinessAsync()
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Money, adjustments and conversions of a campaign's running day as the API tells them.</summary>
    public async Task<DayTotals> TotalsAsync(string campaign)
        => (await _http.GetFromJsonAsync<DayTotals>(new Uri($"/v1/campaigns/{campaign}/trajectory", UriKind.Relative)))!;

    public async ValueTask DisposeAsync()
    {
        if (Process is not null) await Process.DisposeAsync();
        _http.Dispose();
        _folder?.Dispose();
    }

    /// <summary>
    /// A time zone in which no step ends within the next quarter of an hour: when a step closes is a matter of the wall clock, and what is compared here
    /// is what does not depend on it.
    /// </summary>
    private static string Zone { get; } = DateTime.UtcNow.Minute % 30 < 15 ? "UTC" : "Asia/Kathmandu";
}
