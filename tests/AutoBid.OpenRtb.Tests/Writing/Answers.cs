using System.Text;
using System.Text.Json;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Notices;
using AutoBid.OpenRtb.Profiles;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Tests.Writing;

internal static class Answers
{
    public static NoticeUrl Urls { get; } = new(new Uri("https://bid.example/"));

    public static string Text(this BidResponseWriter writer) => Encoding.UTF8.GetString(writer.Written.Span);

    /// <summary>Writes one bid per candidate and compares the parsed answer with the parsed request, field by field.</summary>
    public static void AssertEveryCandidateIsAnsweredAsValidJson(BidRequest request)
    {
        using JsonDocument asked = JsonDocument.Parse(request.Body);
        var writer = new BidResponseWriter();
        if (request.Candidates.Length == 0)
        {
            writer.WriteNoBid(request, NoBidReason.NoCandidates);
            using JsonDocument none = JsonDocument.Parse(writer.Written);
            Assert.Equal(Encoding.UTF8.GetString(request.Text(request.Id)), none.RootElement.GetProperty("id").GetString());
            Assert.Equal(500, none.RootElement.GetProperty("nbr").GetInt32());
            return;
        }

        writer.Begin(request, request.Currencies[0], default);
        for (int imp = 0; imp < request.Imps.Length; imp++)
        {
            for (int i = 0; i < request.Imps[imp].CandidateCount; i++)
            {
                int candidate = request.Imps[imp].CandidateStart + i;
                writer.AddBid(new OutgoingBid
                {
                    Imp = imp,
                    Candidate = candidate,
                    Deal = request.Imps[imp].DealCount > 0 ? request.Imps[imp].DealStart : -1,
                    MarkupType = 1,
                    PriceNanos = 1_000 + candidate,
                    Lease = imp,
                    Seq = candidate,
                    Notices = Urls,
                    Channels = NoticeChannels.All,
                    Token = "TOKEN"u8,
                });
            }
        }

        writer.End();
        using JsonDocument answer = JsonDocument.Parse(writer.Written);
        Assert.Equal(Encoding.UTF8.GetString(request.Text(request.Id)), answer.RootElement.GetProperty("id").GetString());
        Assert.Equal(Last(asked.RootElement, "id")!.Value.GetString(), answer.RootElement.GetProperty("id").GetString());
        JsonElement bids = answer.RootElement.GetProperty("seatbid")[0].GetProperty("bid");
        Assert.Equal(request.Candidates.Length, bids.GetArrayLength());
        int at = 0;
        foreach (JsonElement imp in Last(asked.RootElement, "imp")!.Value.EnumerateArray())
        {
            foreach (JsonElement candidate in CandidatesOf(imp))
            {
                JsonElement bid = bids[at++];
                AssertSame(imp, "id", bid, "impid");
                AssertSame(candidate, "campaign", bid, "cid");
                foreach (string field in new[] { "crid", "adm" }) AssertSame(candidate, field, bid, field);
                foreach (string field in new[] { "adomain", "cat" }) AssertSame(candidate, field, bid, field);
                foreach (string field in new[] { "w", "h", "dur" }) AssertSame(candidate, field, bid, field);
            }
        }

        Assert.Equal(request.Candidates.Length, at);
    }

    private static JsonElement.ArrayEnumerator CandidatesOf(JsonElement imp)
    {
        JsonElement? list = imp;
        foreach (string name in new[] { "ext", "autobid", "candidates" })
        {
            list = Last(list.Value, name);
            if (list is null) return default;
        }

        return list.Value.EnumerateArray();
    }

    // Of duplicated keys the last, null as absent: what the reader promises, said independently of it.
    private static JsonElement? Last(JsonElement element, string name)
    {
        JsonElement? found = null;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (SafeName(property) == name) found = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value;
        }

        return found;
    }

    private static string? SafeName(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static void AssertSame(JsonElement asked, string askedName, JsonElement bid, string bidName)
    {
        JsonElement? expected = Last(asked, askedName);
        bool isThere = bid.TryGetProperty(bidName, out JsonElement actual);
        if (expected is null || (expected.Value.ValueKind == JsonValueKind.Array && expected.Value.GetArrayLength() == 0)
            || (expected.Value.ValueKind == JsonValueKind.Number && expected.Value.GetDouble() == 0))
        {
            Assert.False(isThere, bidName);
            return;
        }

        Assert.True(isThere, bidName);
        Assert.True(JsonElement.DeepEquals(expected.Value, actual), $"{bidName}: {expected.Value} became {actual}");
    }
}
