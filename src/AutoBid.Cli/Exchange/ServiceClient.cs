using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AutoBid.Policies.Fallback;

namespace AutoBid.Cli.Exchange;

/// <summary>
/// The REST calls of a service that the exchange and the reports need. Every failure is a <see cref="ServiceException"/> with one line; 503 (the event log
/// cannot be written at the moment) is tried again a bounded number of times.
/// </summary>
internal sealed class ServiceClient : IDisposable
{
    private const int Attempts = 6;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http;
    private readonly TimeProvider _time;

    /// <param name="apiKey">Sent as X-Api-Key; null for a service without keys.</param>
    public ServiceClient(Uri address, string? apiKey = null, TimeProvider? time = null)
    {
        Address = address;
        ApiKey = apiKey;
        _time = time ?? TimeProvider.System;
        _http = new HttpClient(ServiceHandlers.Create(4)) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };
        if (apiKey is not null) _http.DefaultRequestHeaders.Add("X-Api-Key", apiKey);
    }

    public Uri Address { get; }

    public string? ApiKey { get; }

    /// <summary>POST /v1/campaigns.</summary>
    public Task CreateCampaignAsync(ReadOnlyMemory<byte> body, CancellationToken cancellation)
        => SendAsync(HttpMethod.Post, "/v1/campaigns", body, cancellation);

    /// <summary>GET /v1/campaigns/{id}/trajectory.</summary>
    public async Task<TrajectoryAnswer> GetTrajectoryAsync(string campaign, CancellationToken cancellation)
    {
        string path = $"/v1/campaigns/{Uri.EscapeDataString(campaign)}/trajectory";
        return Read<TrajectoryAnswer>(await SendAsync(HttpMethod.Get, path, default, cancellation), path);
    }

    /// <summary>GET /v1/campaigns/{id}/decisions, at most <paramref name="limit"/> of them.</summary>
    public async Task<DecisionsAnswer> GetDecisionsAsync(string campaign, int limit, CancellationToken cancellation)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"/v1/campaigns/{Uri.EscapeDataString(campaign)}/decisions?limit={limit}");
        return Read<DecisionsAnswer>(await SendAsync(HttpMethod.Get, path, default, cancellation), path);
    }

    /// <summary>POST /v1/clock: takes a service with a virtual clock to <paramref name="instant"/> (UTC).</summary>
    public async Task<ClockAnswer> AdvanceAsync(DateTime instant, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>(64);
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteString("advanceTo", instant);
            writer.WriteEndObject();
        }

        return Read<ClockAnswer>(await SendAsync(HttpMethod.Post, "/v1/clock", body.WrittenMemory, cancellation), "/v1/clock");
    }

    /// <summary>Whether event time moves only through POST /v1/clock; null: the key may not know.</summary>
    public async Task<bool?> IsVirtualAsync(CancellationToken cancellation)
    {
        try
        {
            // Names no instant, so that it moves nothing: the refusal tells.
            await SendAsync(HttpMethod.Post, "/v1/clock", "{}"u8.ToArray(), cancellation);
            return null;
        }
        catch (ServiceException e) when (e.Status is 400 or 401 or 403 or 404)
        {
            return e.Status switch { 400 => true, 404 => false, _ => null };
        }
    }

    /// <summary>GET /v1/policies: what a policy name, or none, stands for; null: the key may not know, the service is older, or it has no such policy.</summary>
    public async Task<PolicyChoice?> TryDescribePolicyAsync(string? policy, CancellationToken cancellation)
    {
        try
        {
            return Read<PoliciesAnswer>(await SendAsync(HttpMethod.Get, "/v1/policies", default, cancellation), "/v1/policies").Find(policy);
        }
        catch (ServiceException e) when (e.Status is 401 or 403 or 404)
        {
            return null;
        }
    }

    /// <summary>POST /v1/policies/reload: the service takes its model registry's folder up.</summary>
    public async Task<PoliciesAnswer> ReloadPoliciesAsync(CancellationToken cancellation)
        => Read<PoliciesAnswer>(await SendAsync(HttpMethod.Post, "/v1/policies/reload", default, cancellation), "/v1/policies/reload");

    /// <summary>POST /v1/events. Returns the errors of single events; empty when all were taken.</summary>
    public async Task<IReadOnlyList<string>> PostEventsAsync(ReadOnlyMemory<byte> body, int events, CancellationToken cancellation)
    {
        byte[] answer = await SendAsync(HttpMethod.Post, "/v1/events", body, cancellation);
        var errors = new List<string>();
        int results = 0;
        foreach (JsonElement result in Read<JsonElement>(answer, "/v1/events").GetProperty("results").EnumerateArray())
        {
            results++;
            if (result.TryGetProperty("error", out JsonElement error)) errors.Add(error.ValueKind == JsonValueKind.String ? error.GetString()! : error.GetRawText());
        }

        if (results != events) throw new ServiceException($"POST /v1/events answered {results} results for {events} events");
        return errors;
    }

    /// <summary>GET /metrics as text; null when the service has none.</summary>
    public async Task<string?> TryGetMetricsAsync(CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri("/metrics", UriKind.Relative), cancellation);
            return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync(cancellation) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<byte[]> SendAsync(HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        TimeSpan pause = FirstPause;
        for (int attempt = 1; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, path);
            if (!body.IsEmpty)
            {
                request.Content = new ReadOnlyMemoryContent(body);
                request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            }

            try
            {
                using HttpResponseMessage response = await _http.SendAsync(request, cancellation);
                byte[] answer = await response.Content.ReadAsByteArrayAsync(cancellation);
                if (response.IsSuccessStatusCode) return answer;
                if (response.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == Attempts)
                    throw new ServiceException($"{method} {path} answered {(int)response.StatusCode}{Detail(answer)}", (int)response.StatusCode);
            }
            catch (HttpRequestException e)
            {
                throw new ServiceException($"{method} {path}: the service cannot be reached ({e.Message})", e);
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                throw new ServiceException($"{method} {path}: no answer within {_http.Timeout.TotalSeconds:0} s", e);
            }

            await Task.Delay(pause, _time, cancellation);
            pause *= 2;
        }
    }

    private static T Read<T>(byte[] answer, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(answer, Json) ?? throw new ServiceException($"{path} answered null");
        }
        catch (JsonException e)
        {
            throw new ServiceException($"{path} answered something else than expected ({e.Message})", e);
        }
    }

    // RFC 9457: title, detail and the broken fields, as one line.
    private static string Detail(byte[] answer)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(answer);
            if (problem.RootElement.ValueKind != JsonValueKind.Object) return "";
            var parts = new List<string>();
            foreach (string name in (string[])["title", "detail", "errors"])
            {
                if (problem.RootElement.TryGetProperty(name, out JsonElement part)) parts.Add(part.ValueKind == JsonValueKind.String ? part.GetString()! : part.GetRawText());
            }

            return parts.Count == 0 ? "" : $": {string.Join("; ", parts).ReplaceLineEndings(" ")}";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
