using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace AutoBid.Streaming.Json;

/// <summary>
/// The fields of one JSON object as slices of its payload: found in one pass, converted only when asked for. Fields outside the table are skipped.
/// The first thing that is wrong stays in <see cref="Error"/>; conversions after it return defaults.
/// </summary>
internal ref partial struct JsonFields
{
    public const int Capacity = 40;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 64, CommentHandling = JsonCommentHandling.Disallow };

    private readonly ReadOnlySpan<byte> _payload;
    private readonly FieldTable _table;
    private readonly string _prefix;
    private Slots _slots;

    private JsonFields(ReadOnlySpan<byte> payload, FieldTable table, string prefix)
    {
        _payload = payload;
        _table = table;
        _prefix = prefix;
    }

    public EventError? Error { get; private set; }

    /// <summary>Scans the object. What was scanned before a syntax error can still be asked for (dead letters name the known fields).</summary>
    public static JsonFields Scan(ReadOnlySpan<byte> payload, FieldTable table, string prefix = "")
    {
        var fields = new JsonFields(payload, table, prefix);
        try
        {
            fields.Scan();
        }
        catch (JsonException)
        {
            fields.Error = new EventError("json", prefix.TrimEnd('.'), "is not valid JSON");
        }
        catch (InvalidOperationException)
        {
            fields.Error = new EventError("json", prefix.TrimEnd('.'), "has a field name that is not valid text");
        }

        return fields;
    }

    /// <summary>True when the field is there and not null.</summary>
    public readonly bool Has(int field) => _slots[field].Token is not (JsonTokenType.None or JsonTokenType.Null);

    public readonly JsonTokenType Token(int field) => _slots[field].Token;

    /// <summary>The field's bytes: without quotes for strings, with their brackets for objects and arrays.</summary>
    public readonly ReadOnlySpan<byte> Raw(int field) => _payload.Slice(_slots[field].Start, _slots[field].Length);

    public void Fail(string code, int field, string rule) => Error ??= new EventError(code, _prefix + _table[field], rule);

    public void Fail(EventError error) => Error ??= error;

    /// <summary>An integer in [min, max]; required.</summary>
    public long Long(int field, long min, long max)
    {
        if (!Require(field, JsonTokenType.Number, "an integer")) return 0;
        ReadOnlySpan<byte> raw = Raw(field);
        if (!Utf8Parser.TryParse(raw, out long value, out int consumed) || consumed != raw.Length)
        {
            bool integer = raw.IndexOfAnyExceptInRange((byte)'0', (byte)'9') is -1 or 0 && raw.Length > 18;
            Fail(integer ? "range" : "type", field, integer ? $"must lie in {min}..{max}" : "must be an integer");
            return 0;
        }

        if (value >= min && value <= max) return value;
        Fail("range", field, $"must lie in {min}..{max}");
        return 0;
    }

    public long Long(int field, long min, long max, long otherwise) => Has(field) ? Long(field, min, max) : otherwise;

    public double Double(int field, double otherwise)
    {
        if (!Has(field)) return otherwise;
        if (!Require(field, JsonTokenType.Number, "a number")) return 0;
        ReadOnlySpan<byte> raw = Raw(field);
        if (Utf8Parser.TryParse(raw, out double value, out int consumed) && consumed == raw.Length && double.IsFinite(value)) return value;
        Fail("range", field, "must be a finite number");
        return 0;
    }

    public decimal? Decimal(int field)
    {
        if (!Has(field)) return null;
        if (!Require(field, JsonTokenType.Number, "a number")) return null;
        ReadOnlySpan<byte> raw = Raw(field);
        if (Utf8Parser.TryParse(raw, out decimal value, out int consumed) && consumed == raw.Length) return value;
        Fail("range", field, "must be a decimal number");
        return null;
    }

    public bool Bool(int field)
    {
        if (!Has(field)) Fail("missing", field, "is required");
        else if (Token(field) is not (JsonTokenType.True or JsonTokenType.False)) Fail("type", field, "must be true or false");
        return Token(field) == JsonTokenType.True;
    }

    /// <summary>An instant, UTC ticks; required.</summary>
    public long Time(int field)
    {
        if (!Require(field, JsonTokenType.String, "a time")) return 0;
        if (TimeText.TryParse(Raw(field), out long ticks)) return ticks;
        Fail("time", field, "must be ISO 8601 in UTC with Z, years 2000 to 2100");
        return 0;
    }

    /// <summary>An instant, or <paramref name="otherwise"/>.</summary>
    public long Time(int field, long otherwise) => Has(field) ? Time(field) : otherwise;

    /// <summary>Index of the text in <paramref name="values"/>; required.</summary>
    public int Choice(int field, FieldTable values, string list)
    {
        if (!Require(field, JsonTokenType.String, "text")) return -1;
        int index = values.Find(Raw(field));
        if (index < 0) Fail("range", field, $"must be one of {list}");
        return index;
    }

    /// <summary>Text of 1 to <paramref name="maxChars"/> UTF-16 units; required.</summary>
    [SkipLocalsInit]
    public string Text(int field, int maxChars, StringCache? cache = null, ICampaignNames? names = null)
    {
        if (!Require(field, JsonTokenType.String, "text")) return "";
        ReadOnlySpan<byte> raw = Raw(field);
        if (raw.Length == 0 || raw.Length > maxChars * 6)
        {
            Fail("range", field, $"must have 1 to {maxChars} characters");
            return "";
        }

        char[]? rented = null;
        Span<char> chars = raw.Length <= 256 ? stackalloc char[256] : (rented = ArrayPool<char>.Shared.Rent(raw.Length));
        try
        {
            int length = Decode(field, raw, chars);
            if (length < 0)
            {
                Fail("type", field, "is not valid text");
                return "";
            }

            if (length == 0 || length > maxChars)
            {
                Fail("range", field, $"must have 1 to {maxChars} characters");
                return "";
            }

            ReadOnlySpan<char> text = chars[..length];
            return names is not null ? names.Intern(text) : cache is not null ? cache.Intern(text) : text.ToString();
        }
        finally
        {
            if (rented is not null) ArrayPool<char>.Shared.Return(rented);
        }
    }

    /// <summary>Text, or null when it is missing.</summary>
    public string? TextOrNull(int field, int maxChars, StringCache? cache = null) => Has(field) ? Text(field, maxChars, cache) : null;

    /// <summary>True when the field is there with the token; says what is wrong otherwise.</summary>
    public bool Require(int field, JsonTokenType token, string what)
    {
        if (Token(field) == token) return true;
        if (Token(field) == JsonTokenType.None) Fail("missing", field, "is required");
        else Fail("type", field, $"must be {what}");
        return false;
    }

    private readonly int Decode(int field, ReadOnlySpan<byte> raw, Span<char> chars)
    {
        if (!_slots[field].Escaped)
            return Utf8.ToUtf16(raw, chars, out _, out int written, replaceInvalidSequences: false) == OperationStatus.Done ? written : -1;
        try
        {
            var reader = new Utf8JsonReader(_payload.Slice(_slots[field].Start - 1, raw.Length + 2));
            reader.Read();
            return reader.CopyString(chars);
        }
        catch (InvalidOperationException)
        {
            return -1;
        }
    }

    private void Scan()
    {
        if (TryScanPlain()) return;
        // Whatever is not plain, what is wrong included, is the strict reader's to judge.
        _slots = default;
        ScanStrictly();
    }

    private void ScanStrictly()
    {
        var reader = new Utf8JsonReader(_payload, Strict);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            Error = new EventError("type", _prefix.TrimEnd('.'), "must be a JSON object");
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            int field = reader.ValueIsEscaped ? _table.Find(Encoding.UTF8.GetBytes(reader.GetString()!)) : _table.Find(reader.ValueSpan);
            reader.Read();
            var slot = new Slot { Token = reader.TokenType, Escaped = reader.ValueIsEscaped, Start = (int)reader.TokenStartIndex };
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                reader.Skip();
                slot.Length = (int)reader.BytesConsumed - slot.Start;
            }
            else
            {
                slot.Length = reader.ValueSpan.Length;
                if (reader.TokenType == JsonTokenType.String) slot.Start++;
            }

            if (field >= 0) _slots[field] = slot;
        }

        // One more read: anything but white space after the object is an error that only then shows.
        reader.Read();
    }

    private struct Slot
    {
        public JsonTokenType Token;
        public bool Escaped;
        public int Start;
        public int Length;
    }

    [InlineArray(Capacity)]
    private struct Slots
    {
        private Slot _first;
    }
}
