using System.Buffers;
using System.Text;
using System.Text.Json;
using AutoBid.Streaming.Json;

namespace AutoBid.Streaming.DeadLetters;

/// <summary>
/// The fields of a refused event that may be kept: business keys, amounts and times. A conversion's id is left out (shops put order or customer numbers
/// there), and so is any text that does not look like an identifier or a time.
/// </summary>
internal static class KnownFields
{
    private const int MaxText = 128;

    private static readonly SearchValues<byte> Identifier = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"u8);

    public static byte[] Of(ReadOnlySpan<byte> payload)
    {
        JsonFields fields = JsonFields.Scan(payload, EventFields.Table);
        var output = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        for (int field = EventFields.V; field <= EventFields.Final; field++)
        {
            if (field == EventFields.Id) continue;
            string name = EventFields.Table[field];
            ReadOnlySpan<byte> raw = fields.Raw(field);
            switch (fields.Token(field))
            {
                case JsonTokenType.Number when raw.Length <= MaxText:
                    json.WritePropertyName(name);
                    json.WriteRawValue(raw);
                    break;
                case JsonTokenType.True or JsonTokenType.False:
                    json.WriteBoolean(name, fields.Token(field) == JsonTokenType.True);
                    break;
                case JsonTokenType.String when raw.Length is > 0 and <= MaxText && !raw.ContainsAnyExcept(Identifier):
                    json.WriteString(name, Encoding.ASCII.GetString(raw));
                    break;
            }
        }

        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }
}
