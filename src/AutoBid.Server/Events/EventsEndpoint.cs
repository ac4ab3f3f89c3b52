using System.Runtime.InteropServices;
using System.Text.Json;
using AutoBid.Engine;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Server.Auth;
using AutoBid.Server.Http;
using AutoBid.Server.Metrics;
using AutoBid.Streaming.Json;

namespace AutoBid.Server.Events;

/// <summary>
/// <c>POST /v1/events {events: [{topic, event}]}</c> -> <c>{results: [{status} | {id, error}]}</c>: the Kafka event schemas over HTTP. Good items are
/// durable when the answer comes; a bad one gets its error in its place and hinders no other.
/// </summary>
public sealed class EventsEndpoint(AutoBidEngine engine, IEventLog log, ICampaignNames names, ServerMetrics metrics)
{
    public const int BodyLimit = 4 * 1024 * 1024;
    public const int MostEvents = 10_000;

    private static readonly string[] Accepted = [Topic.Spend, Topic.Conversions, Topic.Opportunities];

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        (PooledBody body, int status) = await PooledBody.ReadAsync(http.Request, BodyLimit, http.RequestAborted).ConfigureAwait(false);
        using (body)
        {
            if (status != 0) return Problems.OfBody(status, BodyLimit);
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(body.Memory, new JsonDocumentOptions { MaxDepth = JsonBody.Depth });
            }
            catch (JsonException e)
            {
                return Problems.Of(StatusCodes.Status400BadRequest, $"The body is not JSON: {e.Message}");
            }

            using (document) return await AcceptAsync(document.RootElement, http.Caller(), http.RequestAborted).ConfigureAwait(false);
        }
    }

    private async Task<IResult> AcceptAsync(JsonElement root, Caller caller, CancellationToken cancellation)
    {
        if (!root.TryGetArray("events", out JsonElement items))
            return Problems.Of(StatusCodes.Status400BadRequest, "events: an array is required.");
        int count = items.GetArrayLength();
        if (count > MostEvents) return Problems.Of(StatusCodes.Status400BadRequest, $"events: at most {MostEvents} items.");

        var results = new object[count];
        var good = new List<EngineEvent>(count);
        var goodAt = new List<int>(count);
        for (int i = 0; i < count; i++)
        {
            string? error = Read(items[i], caller, out EngineEvent e, out string? id, out string topic);
            metrics.CountEventPosted(topic, error is null ? "accepted" : "refused");
            if (error is not null)
            {
                results[i] = new { id, error };
                continue;
            }

            good.Add(e);
            goodAt.Add(i);
        }

        try
        {
            if (good.Count > 0) await log.AppendAsync(good.ToArray(), cancellation).ConfigureAwait(false);
        }
        catch (EventLogUnavailableException e)
        {
            return Problems.Of(StatusCodes.Status503ServiceUnavailable, e.Message);
        }

        foreach (int at in goodAt) results[at] = new { status = "accepted" };
        return Results.Json(new { results });
    }

    private string? Read(JsonElement item, Caller caller, out EngineEvent e, out string? id, out string topic)
    {
        e = default;
        id = null;
        topic = "unknown";
        try
        {
            return ReadItem(item, caller, ref e, ref id, ref topic);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in a string: JSON to the parser, but no text.
            return "the item has a string that is not text";
        }
    }

    private string? ReadItem(JsonElement item, Caller caller, ref EngineEvent e, ref string? id, ref string topic)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("topic", out JsonElement name) || name.ValueKind != JsonValueKind.String)
            return "topic: a string is required";
        if (!item.TryGetProperty("event", out JsonElement payload) || payload.ValueKind != JsonValueKind.Object) return "event: an object is required";
        if (payload.TryGetProperty("id", out JsonElement key) && key.ValueKind == JsonValueKind.String) id = key.GetString();
        if (Array.IndexOf(Accepted, name.GetString()) < 0) return $"topic: one of {string.Join(", ", Accepted)}";
        topic = name.GetString()!;

        if (!EventReader.TryRead(topic, JsonMarshal.GetRawUtf8Value(payload), names, out e, out string error)) return error;
        if (!engine.Index.TryFind(e.CampaignId, out int index) || engine.SettingsOf(index) is not { } settings) return "campaign: unknown";
        // A foreign campaign answers like an unknown one: ids of other tenants are not to be guessed.
        if (!caller.MayActFor(settings.TenantId)) return "campaign: unknown";
        e.TenantId = settings.TenantId;
        e.Identity = EventIdentities.Of(e);
        return null;
    }
}
