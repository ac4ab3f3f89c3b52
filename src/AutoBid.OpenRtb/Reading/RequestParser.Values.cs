using System.Text.Json;
using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>
/// Values of one JSON type each. Methods named after a field value first step from the property name to it and take null as absent;
/// those ending in Token look at the token under the reader.
/// </summary>
internal ref partial struct RequestParser
{
    private bool Fail(RequestErrorKind kind, string field)
    {
        Error = new RequestError(kind, field, _json.BytesConsumed);
        return false;
    }

    private bool SkipValue()
    {
        _json.Skip();
        return true;
    }

    private readonly ReadOnlySpan<byte> Name()
    {
        if (!_json.ValueIsEscaped) return _json.ValueSpan;
        // What does not fit is longer than any name we know, so it is skipped like every unknown field.
        byte[] scratch = _into.NameScratch;
        return JsonEscapes.TryUnescape(_json.ValueSpan, scratch, out int length) ? scratch.AsSpan(0, length) : default;
    }

    private bool TryOpen(JsonTokenType start, string field, out bool isNull)
    {
        _json.Read();
        isNull = _json.TokenType == JsonTokenType.Null;
        return isNull || _json.TokenType == start || Fail(RequestErrorKind.WrongType, field);
    }

    private bool TryText(string field, out JsonText text)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.Null) return TryTextToken(field, out text);
        text = default;
        return true;
    }

    private bool TryTextToken(string field, out JsonText text)
    {
        text = default;
        if (_json.TokenType != JsonTokenType.String) return Fail(RequestErrorKind.WrongType, field);
        ReadOnlySpan<byte> raw = _json.ValueSpan;
        int offset = (int)_json.TokenStartIndex + 1;
        if (!_json.ValueIsEscaped)
        {
            text = new JsonText(offset, raw.Length);
        }
        else
        {
            if (!JsonEscapes.TryUnescape(raw, _into.ArenaFree, out int length)) return Fail(RequestErrorKind.MalformedJson, field);
            text = new JsonText(offset, raw.Length, _into.TakeArena(length), length);
        }

        return text.TextLength <= RequestLimits.IdBytes || Fail(RequestErrorKind.OutOfRange, field);
    }

    private bool TryString(string field, out JsonSlice slice)
    {
        slice = default;
        _json.Read();
        if (_json.TokenType == JsonTokenType.Null) return true;
        if (!TryStringToken(field)) return false;
        slice = new JsonSlice((int)_json.TokenStartIndex, _json.ValueSpan.Length + 2);
        return true;
    }

    private bool TryStringToken(string field)
    {
        if (_json.TokenType != JsonTokenType.String) return Fail(RequestErrorKind.WrongType, field);
        if (!_json.ValueIsEscaped || JsonEscapes.HasCompletePairs(_json.ValueSpan)) return true;
        return Fail(RequestErrorKind.MalformedJson, field);
    }

    private bool TryStrings(string field, out JsonSlice slice)
    {
        slice = default;
        if (!TryOpen(JsonTokenType.StartArray, field, out bool isNull)) return false;
        if (isNull) return true;
        int start = (int)_json.TokenStartIndex;
        bool any = false;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (!TryStringToken(field)) return false;
            any = true;
        }

        if (any) slice = new JsonSlice(start, (int)_json.BytesConsumed - start);
        return true;
    }

    private bool TryInt(string field, int absent, out int value)
    {
        value = absent;
        _json.Read();
        if (_json.TokenType == JsonTokenType.Null) return true;
        if (_json.TokenType != JsonTokenType.Number) return Fail(RequestErrorKind.WrongType, field);
        if (!_json.TryGetInt32(out value))
        {
            // Writers without an integer type send 120.0.
            if (!_json.TryGetDouble(out double number) || !(number >= 0 && number <= int.MaxValue) || number != Math.Floor(number))
            {
                value = absent;
                return Fail(RequestErrorKind.OutOfRange, field);
            }

            value = (int)number;
        }

        if (value >= 0) return true;
        value = absent;
        return Fail(RequestErrorKind.OutOfRange, field);
    }

    private bool TryNumber(string field, out double value)
    {
        value = 0;
        _json.Read();
        return _json.TokenType == JsonTokenType.Null || TryNumberToken(field, out value);
    }

    private bool TryNumberToken(string field, out double value)
    {
        value = 0;
        if (_json.TokenType != JsonTokenType.Number) return Fail(RequestErrorKind.WrongType, field);
        if (!_json.TryGetDouble(out double number) || !double.IsFinite(number) || number < 0) return Fail(RequestErrorKind.OutOfRange, field);
        value = number;
        return true;
    }

    private bool TryCurrency(string field, out CurrencyCode currency)
    {
        _json.Read();
        if (_json.TokenType != JsonTokenType.Null) return TryCurrencyToken(field, out currency);
        currency = CurrencyCode.Usd;
        return true;
    }

    private bool TryCurrencyToken(string field, out CurrencyCode currency)
    {
        currency = default;
        if (_json.TokenType != JsonTokenType.String) return Fail(RequestErrorKind.WrongType, field);
        // Three letters never need escapes; one who sends them all the same is understood.
        if (!_json.ValueIsEscaped) return CurrencyCode.TryParse(_json.ValueSpan, out currency) || Fail(RequestErrorKind.OutOfRange, field);
        if (!JsonEscapes.TryUnescape(_json.ValueSpan, _into.ArenaFree, out int length)) return Fail(RequestErrorKind.MalformedJson, field);
        return CurrencyCode.TryParse(_into.ArenaFree[..length], out currency) || Fail(RequestErrorKind.OutOfRange, field);
    }
}
