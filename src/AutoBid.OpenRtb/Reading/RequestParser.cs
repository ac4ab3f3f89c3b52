using System.Text.Json;
using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>One pass over a request: the top level. Every method leaves the reader on the last token of the value it consumed.</summary>
internal ref partial struct RequestParser
{
    private readonly BidRequest _into;
    private Utf8JsonReader _json;

    public RequestParser(ReadOnlySpan<byte> body, BidRequest into)
    {
        _into = into;
        _json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestLimits.Depth });
    }

    public RequestError Error { get; private set; }

    public readonly long Position => _json.BytesConsumed;

    public bool TryParse()
    {
        if (!_json.Read() || _json.TokenType != JsonTokenType.StartObject) return Fail(RequestErrorKind.WrongType, "$");
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryRootField(Name())) return false;
        }

        // Reading past the root makes the reader refuse anything that follows it.
        if (_json.Read()) return Fail(RequestErrorKind.MalformedJson, "$");
        if (!_into.Id.IsPresent) return Fail(RequestErrorKind.Missing, "id");
        if (_into.ImpCount == 0) return Fail(RequestErrorKind.Missing, "imp");
        if (_into.CurrencyCount == 0) _into.AddCurrency() = CurrencyCode.Usd;
        return true;
    }

    private bool TryRootField(ReadOnlySpan<byte> name)
    {
        switch (name.Length)
        {
            case 2:
                if (name.SequenceEqual("id"u8))
                {
                    bool ok = TryText("id", out JsonText id);
                    _into.Id = id;
                    return ok;
                }

                if (name.SequenceEqual("at"u8))
                {
                    bool ok = TryInt("at", 2, out int at);
                    _into.AuctionType = at;
                    return ok;
                }

                break;
            case 3:
                if (name.SequenceEqual("imp"u8)) return TryImps();
                if (name.SequenceEqual("cur"u8)) return TryCurrencies();
                break;
            case 4:
                if (name.SequenceEqual("tmax"u8))
                {
                    bool ok = TryInt("tmax", 0, out int tmax);
                    _into.TMax = tmax;
                    return ok;
                }

                if (name.SequenceEqual("test"u8))
                {
                    bool ok = TryInt("test", 0, out int test);
                    _into.IsTest = test == 1;
                    return ok;
                }

                break;
            case 5:
                if (name.SequenceEqual("wseat"u8)) return TrySeats("wseat", wanted: true);
                if (name.SequenceEqual("bseat"u8)) return TrySeats("bseat", wanted: false);
                break;
        }

        return SkipValue();
    }

    private bool TryCurrencies()
    {
        _into.CurrencyCount = 0;
        if (!TryOpen(JsonTokenType.StartArray, "cur", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_into.CurrencyCount == RequestLimits.ListEntries) return Fail(RequestErrorKind.TooMany, "cur");
            if (!TryCurrencyToken("cur", out CurrencyCode currency)) return false;
            _into.AddCurrency() = currency;
        }

        return true;
    }

    private bool TrySeats(string field, bool wanted)
    {
        if (wanted) _into.WantedSeatCount = 0;
        else _into.BlockedSeatCount = 0;
        if (!TryOpen(JsonTokenType.StartArray, field, out bool isNull)) return false;
        if (isNull) return true;
        int count = 0;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (count++ == RequestLimits.ListEntries) return Fail(RequestErrorKind.TooMany, field);
            if (!TryTextToken(field, out JsonText seat)) return false;
            if (wanted) _into.AddWantedSeat() = seat;
            else _into.AddBlockedSeat() = seat;
        }

        return true;
    }

    private bool TryImps()
    {
        _into.ClearImps();
        if (!TryOpen(JsonTokenType.StartArray, "imp", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.StartObject) return Fail(RequestErrorKind.WrongType, "imp");
            if (_into.ImpCount == RequestLimits.Imps) return Fail(RequestErrorKind.TooMany, "imp");
            if (!TryImp(ref _into.AddImp())) return false;
        }

        return true;
    }
}
