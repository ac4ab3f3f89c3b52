using System.Net;
using System.Threading.Channels;

namespace AutoBid.Cli.Exchange;

/// <summary>
/// Calls notice URLs on connections of their own, up to 32 at a time, while the next bid request is already under way. A full queue holds the auction
/// back: nothing is dropped. A notice is safe to repeat (the service knows duplicates), so 503 and broken connections are tried again, a bounded number
/// of times; whatever then is not 200 is counted.
/// </summary>
internal sealed class NoticeSender : IAsyncDisposable
{
    /// <summary>Notices under way at once.</summary>
    public const int Parallelism = 32;

    private const int QueueCapacity = 1024;
    private const int Attempts = 6;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);

    private readonly Channel<string> _queue = Channel.CreateBounded<string>(QueueCapacity);
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;
    private readonly CancellationToken _cancellation;
    private readonly Task[] _workers;
    private TaskCompletionSource? _drained;
    private long _pending;
    private long _sent;
    private long _retries;

    /// <param name="time">Clock of the pauses between attempts.</param>
    public NoticeSender(HttpMessageInvoker http, TimeProvider time, CancellationToken cancellation)
    {
        _http = http;
        _time = time;
        _cancellation = cancellation;
        _workers = [.. Enumerable.Range(0, Parallelism).Select(_ => Task.Run(WorkAsync, CancellationToken.None))];
    }

    /// <summary>Notices that were answered with 200.</summary>
    public long Sent => Interlocked.Read(ref _sent);

    /// <summary>Attempts beyond the first.</summary>
    public long Retries => Interlocked.Read(ref _retries);

    /// <summary>Notices given up, by reason.</summary>
    public FailureCounts Failures { get; } = new();

    /// <summary>Hands over one URL, macros already substituted. Any thread.</summary>
    public ValueTask SendAsync(string url)
    {
        Interlocked.Increment(ref _pending);
        return _queue.Writer.TryWrite(url) ? ValueTask.CompletedTask : _queue.Writer.WriteAsync(url, _cancellation);
    }

    /// <summary>Returns when every notice handed over so far has been answered or given up. One caller at a time, when nobody sends.</summary>
    public Task DrainAsync()
    {
        if (Interlocked.Read(ref _pending) == 0) return Task.CompletedTask;
        var drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _drained, drained);
        // The last worker may have finished before it could see the source.
        if (Interlocked.Read(ref _pending) == 0) drained.TrySetResult();
        return drained.Task.WaitAsync(_cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_workers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WorkAsync()
    {
        await foreach (string url in _queue.Reader.ReadAllAsync(_cancellation))
        {
            try
            {
                await DeliverAsync(url);
            }
            finally
            {
                if (Interlocked.Decrement(ref _pending) == 0) Interlocked.Exchange(ref _drained, null)?.TrySetResult();
            }
        }
    }

    private async Task DeliverAsync(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? address))
        {
            Failures.Add("not a URL");
            return;
        }

        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            string failure;
            bool again;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                using HttpResponseMessage response = await _http.SendAsync(request, _cancellation);
                if (response.StatusCode == HttpStatusCode.OK)
                {
                    Interlocked.Increment(ref _sent);
                    return;
                }

                failure = $"HTTP {(int)response.StatusCode}";
                again = response.StatusCode == HttpStatusCode.ServiceUnavailable;
            }
            catch (HttpRequestException e)
            {
                failure = e.HttpRequestError.ToString();
                again = true;
            }

            if (!again || attempt == Attempts)
            {
                Failures.Add(failure);
                return;
            }

            Interlocked.Increment(ref _retries);
            await Task.Delay(pause, _time, _cancellation);
            pause *= 2;
        }
    }
}
