using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text.Json;

namespace AutoBid.Streaming.Json;

/// <content>The quick way through the form that events mostly have.</content>
internal ref partial struct JsonFields
{
    /// <summary>
    /// The form in which events mostly come: one flat object whose names and texts have no escapes and whose numbers are integers. False: it is another
    /// form, or not JSON. What is accepted here the strict reader accepts with the same slots.
    /// </summary>
    private bool TryScanPlain()
    {
        ReadOnlySpan<byte> json = _payload;
        int at = SkipBlanks(json, 0);
        if (at >= json.Length || json[at] != '{') return false;
        at = SkipBlanks(json, at + 1);
        while (at < json.Length && json[at] == '"')
        {
            int start = at + 1;
            int end = EndOfText(json, start);
            if (end < 0) return false;
            int field = _table.Find(json[start..end]);
            at = SkipBlanks(json, end + 1);
            if (at >= json.Length || json[at] != ':') return false;
            at = SkipBlanks(json, at + 1);
            if (at >= json.Length) return false;
            var slot = new Slot { Start = at };
            switch (json[at])
            {
                case (byte)'"':
                    slot.Token = JsonTokenType.String;
                    slot.Start = at + 1;
                    at = EndOfText(json, at + 1);
                    if (at < 0) return false;
                    slot.Length = at++ - slot.Start;
                    break;
                case (byte)'t' when json[at..].StartsWith("true"u8):
                    slot.Token = JsonTokenType.True;
                    at += slot.Length = 4;
                    break;
                case (byte)'f' when json[at..].StartsWith("false"u8):
                    slot.Token = JsonTokenType.False;
                    at += slot.Length = 5;
                    break;
                case (byte)'n' when json[at..].StartsWith("null"u8):
                    slot.Token = JsonTokenType.Null;
                    at += slot.Length = 4;
                    break;
                default:
                    slot.Token = JsonTokenType.Number;
                    at = EndOfInteger(json, at);
                    if (at < 0) return false;
                    slot.Length = at - slot.Start;
                    break;
            }

            if (field >= 0) _slots[field] = slot;
            at = SkipBlanks(json, at);
            if (at >= json.Length) return false;
            if (json[at] == '}') return SkipBlanks(json, at + 1) == json.Length;
            if (json[at] != ',') return false;
            at = SkipBlanks(json, at + 1);
        }

        return false;
    }

    private static int SkipBlanks(ReadOnlySpan<byte> json, int at)
    {
        while ((uint)at < (uint)json.Length && json[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') at++;
        return at;
    }

    /// <summary>Place of the closing quote; -1: an escape or a control character comes first, or the end.</summary>
    private static int EndOfText(ReadOnlySpan<byte> json, int at)
    {
        for (; at + Vector128<byte>.Count <= json.Length; at += Vector128<byte>.Count)
        {
            Vector128<byte> bytes = Vector128.LoadUnsafe(in MemoryMarshal.GetReference(json), (nuint)at);
            uint stops = (Vector128.Equals(bytes, Vector128.Create((byte)'"')) | Vector128.Equals(bytes, Vector128.Create((byte)'\\'))
                | Vector128.LessThan(bytes, Vector128.Create((byte)' '))).ExtractMostSignificantBits();
            if (stops == 0) continue;
            at += BitOperations.TrailingZeroCount(stops);
            return json[at] == '"' ? at : -1;
        }

        for (; at < json.Length; at++)
        {
            if (json[at] == '"') return at;
            if (json[at] is (byte)'\\' or < (byte)' ') return -1;
        }

        return -1;
    }

    /// <summary>Place behind an integer; -1: none, or a number of another form.</summary>
    private static int EndOfInteger(ReadOnlySpan<byte> json, int at)
    {
        if (json[at] == '-') at++;
        int first = at;
        while (at < json.Length && json[at] is >= (byte)'0' and <= (byte)'9') at++;
        if (at == first || (json[first] == '0' && at > first + 1) || at == json.Length) return -1;
        return json[at] is (byte)',' or (byte)'}' or (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' ? at : -1;
    }
}
