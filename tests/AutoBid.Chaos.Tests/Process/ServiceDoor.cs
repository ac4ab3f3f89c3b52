using System.Diagnostics;
using System.Net;
using System.Text;
using AutoBid.Cli.Exchange;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>The way to one node, and when bids came through it.</summary>
internal sealed class ServiceDoor : IDisposable
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(8);

    private readonly Uri _address;
    private readonly TimeSpan _answerLimit;
    private readonly HttpMessageInvoker _http;
    private long _lastBid = Stopwatch.GetTimestamp();
    private long _longestPause;
    private long _bids;
    private volatile bool _closed;

    /// <param name="connect">How a connection is made; null: from here.</param>
    /// <param name="answerLimit">How long an answer is waited for.</param>
    public ServiceDoor(Uri address, Func<CancellationToken, ValueTask<Stream>>? connect = null, TimeSpan? answerLimit = null)
    {
        (_address, _answerLimit) = (address, answerLimit ?? AnswerLimit);
        SocketsHttpHandler handler = ServiceHandlers.Create(64);
        if (connect is not null) handler.ConnectCallback = (_, cancellation) => connect(cancellation);
        _http = new HttpMessageInvoker(handler);
    }

    /// <summary>Bids received so far.</summary>
    public long Bids => Interlocked.Read(ref _bids);

    /// <summary>Longest time between two bids, pauses of the exchange itself not counted.</summary>
    public TimeSpan LongestPause => TimeSpan.FromSeconds(Interlocked.Read(ref _longestPause) / (double)Stopwatch.Frequency);

    public bool IsClosed
    {
        get => _closed;
        set => _closed = value;
    }

    /// <summary>The exchange itself rested: that is no pause.</summary>
    public void Rested() => Interlocked.Exchange(ref _lastBid, Stopwatch.GetTimestamp());

    /// <summary>From now on only later pauses count.</summary>
    public void ForgetPauses() => Interlocked.Exchange(ref _longestPause, 0);

    public void SawBid()
    {
        long now = Stopwatch.GetTimestamp();
        long pause = now - Interlocked.Exchange(ref _lastBid, now);
        Interlocked.Increment(ref _bids);
        long longest;
        while (pause > (longest = Interlocked.Read(ref _longestPause)) && Interlocked.CompareExchange(ref _longestPause, pause, longest) != longest)
        {
        }
    }

    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(HttpMethod method, string path, string? body, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_answerLimit);
        using var request = new HttpRequestMessage(method, new Uri(_address, path));
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await _http.SendAsync(request, limit.Token);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync(limit.Token));
    }

    public void Dispose() => _http.Dispose();
}
