using System.Text.Json;
using System.Text.Unicode;

namespace AutoBid.OpenRtb.Reading;

/// <summary>Reads OpenRTB 2.6 bid requests without allocating once the model's arrays have grown to the traffic.</summary>
public static class BidRequestReader
{
    /// <summary>
    /// Parses <paramref name="body"/> into <paramref name="into"/>, which refers to the buffer from then on. Unknown fields are skipped,
    /// null counts as absent, and of duplicated keys the last wins. Never throws on any input.
    /// </summary>
    /// <returns>False with <paramref name="error"/> set when the body must be answered with HTTP 400; the model is then cleared.</returns>
    public static bool TryRead(ReadOnlyMemory<byte> body, BidRequest into, out RequestError error)
    {
        into.Begin(body);
        // Utf8JsonReader leaves string content unchecked, and raw tokens are echoed into the answer.
        if (!Utf8.IsValid(body.Span))
        {
            error = new RequestError(RequestErrorKind.MalformedJson, "$", 0);
            into.Clear();
            return false;
        }

        var parser = new RequestParser(body.Span, into);
        try
        {
            if (parser.TryParse())
            {
                error = default;
                return true;
            }

            error = parser.Error;
        }
        catch (JsonException)
        {
            error = new RequestError(RequestErrorKind.MalformedJson, "$", parser.Position);
        }

        into.Clear();
        return false;
    }
}
