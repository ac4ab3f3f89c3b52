using System.Net;
using System.Net.Http.Headers;

namespace AutoBid.Cli.Exchange;

/// <summary>POST /openrtb2/bid over one kept connection, one request in flight. The answer lies in a buffer that the next call overwrites.</summary>
internal sealed class BidClient : IDisposable
{
    /// <summary>An exchange that waits longer than this has no service to talk to.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly MediaTypeHeaderValue JsonType = new("application/json");

    private readonly HttpMessageInvoker _http = new(ServiceHandlers.Create(1));
    private readonly Uri _address;
    private readonly string? _apiKey;
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationToken _cancellation;
    private byte[] _answer = new byte[16 * 1024];
    private int _length;

    public BidClient(Uri service, string? apiKey, CancellationToken cancellation)
    {
        _address = new Uri(service, "/openrtb2/bid");
        _apiKey = apiKey;
        _cancellation = cancellation;
        _deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
    }

    /// <summary>Body of the last answer.</summary>
    public ReadOnlySpan<byte> Answer => _answer.AsSpan(0, _length);

    /// <summary>Sends the request and reads the whole answer.</summary>
    /// <exception cref="ServiceException">No answer.</exception>
    public async ValueTask<HttpStatusCode> SendAsync(ReadOnlyMemory<byte> body)
    {
        // One timer for the whole day, set anew by each request.
        _deadline.CancelAfter(Limit);
        using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = JsonType;
        if (_apiKey is not null) request.Headers.TryAddWithoutValidation("X-Api-Key", _apiKey);
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, _deadline.Token);
            await ReadAsync(response);
            return response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new ServiceException($"POST /openrtb2/bid: the service cannot be reached ({e.Message})", e);
        }
        catch (OperationCanceledException e) when (!_cancellation.IsCancellationRequested)
        {
            throw new ServiceException($"POST /openrtb2/bid: no answer within {Limit.TotalSeconds:0} s", e);
        }
    }

    public void Dispose()
    {
        _deadline.Dispose();
        _http.Dispose();
    }

    private async ValueTask ReadAsync(HttpResponseMessage response)
    {
        _length = 0;
        Stream stream = await response.Content.ReadAsStreamAsync(_deadline.Token);
        while (true)
        {
            if (_length == _answer.Length) Array.Resize(ref _answer, 2 * _answer.Length);
            int read = await stream.ReadAsync(_answer.AsMemory(_length), _deadline.Token);
            if (read == 0) return;
            _length += read;
        }
    }
}
