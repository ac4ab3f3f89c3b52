using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using AutoBid.Chaos.Tests.Process;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>One <c>autobid serve</c> of several, where it listens, and the exchange's way to it.</summary>
internal sealed class ChaosNode : IAsyncDisposable
{
    private readonly string[] _arguments;
    private readonly IReadOnlyList<string> _through;
    private readonly Func<CancellationToken, ValueTask<Stream>>? _connect;
    private readonly HttpClient _http;

    /// <param name="through">Words before its command; none: it runs where the test does.</param>
    /// <param name="connect">How connections to its port are made; null: from here.</param>
    public ChaosNode(string name, string data, string[] arguments, IReadOnlyList<string> through, Func<int, CancellationToken, ValueTask<Stream>>? connect)
    {
        (Name, Data, _arguments, _through) = (name, data, arguments, through);
        Port = ServeProcess.FreePort();
        Address = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"));
        _connect = connect is null ? null : cancellation => connect(Port, cancellation);
        var handler = new SocketsHttpHandler { UseProxy = false };
        if (_connect is not null) handler.ConnectCallback = (_, cancellation) => _connect(cancellation);
        _http = new HttpClient(handler) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public string Name { get; }

    public string Data { get; }

    public int Port { get; }

    public Uri Address { get; }

    public HttpClient Http => _http;

    public ServeProcess Process { get; private set; } = null!;

    /// <summary>The exchange's way to it: asked by <see cref="ChaosCluster.Exchange"/> from its start on.</summary>
    public ServiceDoor Door { get; private set; } = null!;

    public async Task StartAsync()
    {
        Process = await ServeProcess.LaunchThrough(_through, Port, Data, _arguments).ReadyAsync();
        Door = new ServiceDoor(Address, _connect, TimeSpan.FromSeconds(3));
    }

    public async Task<HttpStatusCode> ReadinessAsync()
    {
        using HttpResponseMessage answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return answer.StatusCode;
    }

    /// <summary>The running day of a campaign that this node keeps; null: it does not keep it, or does not answer.</summary>
    public async Task<DayTotals?> TotalsAsync(string campaign)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri($"/v1/campaigns/{campaign}/trajectory", UriKind.Relative));
            return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync<DayTotals>() : null;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Campaigns whose ledger it keeps.</summary>
    public async Task<string[]> KeptAsync()
    {
        var kept = new List<string>();
        foreach (string campaign in ChaosService.Campaigns)
            if (await TotalsAsync(campaign) is not null) kept.Add(campaign);
        return [.. kept];
    }

    /// <summary>Returns when it bid after this call.</summary>
    public async Task NextBidAsync()
    {
        long before = Door.Bids;
        await Eventually.HoldsAsync(() => Task.FromResult(Door.Bids > before), TimeSpan.FromSeconds(60), () => $"{Name} does not bid\n{string.Join('\n', Process.Lines.TakeLast(20))}");
    }

    /// <summary>A counter of its metrics, all labels together; 0: it was never counted.</summary>
    public async Task<double> MetricAsync(string name)
    {
        string text = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        return text.Split('\n').Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is not null) await Process.DisposeAsync();
        _http.Dispose();
    }
}
