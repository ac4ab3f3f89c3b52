using System.Text.Json;

namespace AutoBid.Server.Http;

/// <summary>A JSON body, decompressed, within its limit; or the problem details to answer.</summary>
internal static class JsonBody
{
    public const int Depth = 64;

    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { MaxDepth = Depth };

    /// <summary>Reads the whole body as one object.</summary>
    /// <param name="limit">Most bytes after decompression.</param>
    public static async ValueTask<(T? Value, IResult? Problem)> ReadAsync<T>(HttpContext http, int limit)
        where T : class
    {
        (PooledBody body, int status) = await PooledBody.ReadAsync(http.Request, limit, http.RequestAborted).ConfigureAwait(false);
        using (body)
        {
            if (status != 0) return (null, Problems.OfBody(status, limit));
            try
            {
                return JsonSerializer.Deserialize<T>(body.Memory.Span, Options) is { } value
                    ? (value, null)
                    : (null, Problems.Of(StatusCodes.Status400BadRequest, "The body must be an object."));
            }
            catch (JsonException e)
            {
                return (null, Problems.Of(StatusCodes.Status400BadRequest, $"The body is not valid: {e.Message}"));
            }
        }
    }
}
