using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Ports;
using AutoBid.Server.Auth;
using AutoBid.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace AutoBid.Server.Tests.Testing;

/// <summary>The real service on a loopback port with embedded defaults and, unless told otherwise, a virtual clock; and a client for it.</summary>
public sealed class TestService : IAsyncDisposable
{
    /// <summary>Where virtual time starts.</summary>
    public static readonly DateTimeOffset Midnight = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    /// <summary>yyyymmdd of <see cref="Midnight"/>.</summary>
    public const int Day = 20260105;

    private readonly TempFolder? _folder;
    private readonly AutoBidService _service;
    private readonly TimeSpan _tick;

    private TestService(AutoBidService service, TempFolder? folder, TimeSpan tick)
    {
        (_service, _folder, _tick) = (service, folder, tick);
        Client = new HttpClient { BaseAddress = new Uri(service.Addresses[0]) };
    }

    public HttpClient Client { get; }

    public AutoBidService Service => _service;

    internal ILedgerStore Ledger => _service.Services.GetRequiredService<ILedgerStore>();

    internal ApiKeys Keys => _service.Services.GetRequiredService<ApiKeys>();

    /// <summary>Options of a test's service. Without models and prior: what it bids must not change with what is trained.</summary>
    internal static ServeOptions OptionsIn(string folder) => new()
    {
        Urls = ["http://127.0.0.1:0"],
        VirtualClock = true,
        VirtualStart = Midnight,
        Tick = TimeSpan.FromMinutes(30),
        DataDirectory = folder,
        ModelsDirectory = Directory.CreateDirectory(Path.Combine(folder, "models")).FullName,
        Fsync = false,
        Quiet = true,
    };

    public static async Task<TestService> StartAsync(Func<ServeOptions, ServeOptions>? with = null, string? dataFolder = null)
    {
        TempFolder? folder = dataFolder is null ? new TempFolder() : null;
        ServeOptions options = OptionsIn(dataFolder ?? folder!.Path);
        options = with?.Invoke(options) ?? options;
        return new TestService(await AutoBidService.StartAsync(options, TestContext.Current.CancellationToken), folder, options.Tick);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _service.DisposeAsync();
        _folder?.Dispose();
    }

    public Task<Answer> SendAsync(HttpMethod method, string path, string? json = null, string? key = null, params (string Name, string Value)[] headers)
        => SendAsync(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"), key, headers);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content, string? key, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (key is not null) request.Headers.Add("X-Api-Key", key);
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, text, response.Content.Headers.ContentType?.MediaType, response.Headers);
    }

    public Task<Answer> GetAsync(string path, string? key = null) => SendAsync(HttpMethod.Get, path, (string?)null, key);

    public Task<Answer> PostAsync(string path, string json, string? key = null) => SendAsync(HttpMethod.Post, path, json, key);

    public Task<Answer> BidAsync(string json, string? key = null) => PostAsync("/openrtb2/bid", json, key);

    /// <summary>Stores a campaign and has the engine take it over; the constant policy bids target x value.</summary>
    public async Task CreateAsync(string id, string fields = "", decimal budget = 100, decimal target = 100, string? key = null, string? clockKey = null)
    {
        Answer answer = await PostAsync("/v1/campaigns", Texts.Campaign(id, fields, budget, target), key);
        answer.Expect(HttpStatusCode.Created);
        await PublishAsync(id, clockKey ?? key);
    }

    /// <summary>Moves the clock no further than the tick that gives a new campaign its first bid slot.</summary>
    public async Task PublishAsync(string id, string? key = null)
    {
        await AdvanceAsync(Now, key);
        Assert.True(_service.Engine.Index.TryFind(id, out int index));
        _service.Engine.Slots.Read(index, out BidSlot slot);
        if (slot.Version == 0) await AdvanceAsync(Now + _tick, key);
    }

    /// <summary>Event time now.</summary>
    public DateTimeOffset Now => new(_service.Engine.NowTicks, TimeSpan.Zero);

    public async Task<JsonElement> AdvanceAsync(DateTimeOffset to, string? key = null)
    {
        Answer answer = await PostAsync("/v1/clock", $$"""{"advanceTo":"{{to.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}"}""", key);
        return answer.Expect(HttpStatusCode.OK).Json;
    }

    public Task<JsonElement> AdvanceByAsync(TimeSpan by) => AdvanceAsync(Now + by);

    /// <summary>Calls a notice URL of a bid with its macros substituted.</summary>
    /// <param name="url">nurl, burl or lurl.</param>
    /// <param name="price">CPM as text; null leaves the macro as it is.</param>
    public Task<Answer> NoticeAsync(JsonElement bid, string url, string? price, string currency = "USD", string minimum = "")
        => GetAsync(new Uri(Texts.Notice(bid.GetProperty(url).GetString()!, price, currency, minimum)).PathAndQuery);

    public async Task<JsonElement> TrajectoryAsync(string campaign)
        => (await GetAsync($"/v1/campaigns/{campaign}/trajectory")).Expect(HttpStatusCode.OK).Json;

    /// <summary>The day's budget row of a campaign as the database has it.</summary>
    public async Task<BudgetRow> DayRowAsync(string campaign, string tenant = Caller.DefaultTenant)
        => (await Ledger.BudgetsAsync(tenant, campaign, TestContext.Current.CancellationToken)).Single(row => row.Scope == BudgetScope.Day && row.Period == Day);

    public async Task<IReadOnlyList<Adjustment>> AdjustmentsAsync(string campaign)
        => await Ledger.AdjustmentsAsync(Caller.DefaultTenant, campaign, TestContext.Current.CancellationToken);

    /// <summary>
    /// Sum of the series of /metrics with this name and all of these labels (<c>name{label="value",...}</c>); 0 when there is none. Meters are the
    /// process's: compare two readings.
    /// </summary>
    public async Task<double> MetricAsync(string series)
    {
        string page = (await GetAsync("/metrics")).Expect(HttpStatusCode.OK).Text;
        string[] parts = series.TrimEnd('}').Split(['{', ',']);
        double sum = 0;
        foreach (string line in page.Split('\n'))
        {
            if (!line.StartsWith(parts[0], StringComparison.Ordinal) || line.Length == parts[0].Length || line[parts[0].Length] is not ('{' or ' ')) continue;
            if (!parts.Skip(1).All(label => line.Contains(label, StringComparison.Ordinal))) continue;
            sum += double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), NumberStyles.Float, CultureInfo.InvariantCulture);
        }

        return sum;
    }

    /// <summary>Settled money of a campaign's day: under leases and as adjustments, account currency.</summary>
    public async Task<decimal> SettledAsync(string campaign) => Nanos.ToDecimal((await DayRowAsync(campaign)).SettledNanos);
}
