using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace AutoBid.Server.Tests.Testing;

/// <summary>One HTTP answer, read to its end.</summary>
public sealed record Answer(HttpStatusCode Status, string Text, string? MediaType, HttpResponseHeaders Headers)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Text);

    /// <summary>The first bid of an OpenRTB answer.</summary>
    public JsonElement Bid => Bids[0];

    /// <summary>All bids of an OpenRTB answer.</summary>
    public IReadOnlyList<JsonElement> Bids => [.. Json.GetProperty("seatbid").EnumerateArray().SelectMany(seat => seat.GetProperty("bid").EnumerateArray())];

    /// <summary>No-bid reason; null when there are bids.</summary>
    public int? NoBid => Json.TryGetProperty("nbr", out JsonElement reason) ? reason.GetInt32() : null;

    public Answer Expect(HttpStatusCode status)
    {
        Assert.True(Status == status, $"expected {(int)status}, got {(int)Status}: {Text}");
        return this;
    }

    /// <summary>RFC 9457 problem details with this status.</summary>
    public Answer ExpectProblem(HttpStatusCode status)
    {
        Expect(status);
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal((int)status, Json.GetProperty("status").GetInt32());
        return this;
    }

    /// <summary>An empty body, as OpenRTB wants it.</summary>
    public Answer ExpectEmpty(HttpStatusCode status)
    {
        Expect(status);
        Assert.Equal("", Text);
        return this;
    }
}
