using System.Text.Json;
using AutoBid.Core.Money;
using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Reading;

/// <summary>Impressions and their deals.</summary>
internal ref partial struct RequestParser
{
    private bool TryImp(ref Imp imp)
    {
        imp.FloorCurrency = CurrencyCode.Usd;
        imp.DealStart = _into.DealCount;
        imp.CandidateStart = _into.CandidateCount;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryImpField(Name(), ref imp)) return false;
        }

        imp.DealCount = _into.DealCount - imp.DealStart;
        imp.CandidateCount = _into.CandidateCount - imp.CandidateStart;
        return imp.Id.IsPresent || Fail(RequestErrorKind.Missing, "imp.id");
    }

    private bool TryImpField(ReadOnlySpan<byte> name, ref Imp imp)
    {
        switch (name.Length)
        {
            case 2 when name.SequenceEqual("id"u8):
                {
                    bool ok = TryText("imp.id", out JsonText id);
                    imp.Id = id;
                    return ok;
                }

            case 3:
                if (name.SequenceEqual("ext"u8)) return TryImpExtension(ref imp);
                if (name.SequenceEqual("pmp"u8)) return TryPmp(ref imp);
                break;
            case 5:
                if (name.SequenceEqual("video"u8)) return TryOffer("imp.video", AdFormats.Video, ref imp);
                if (name.SequenceEqual("audio"u8)) return TryOffer("imp.audio", AdFormats.Audio, ref imp);
                break;
            case 6:
                if (name.SequenceEqual("banner"u8)) return TryOffer("imp.banner", AdFormats.Banner, ref imp);
                if (name.SequenceEqual("native"u8)) return TryOffer("imp.native", AdFormats.Native, ref imp);
                break;
            case 8 when name.SequenceEqual("bidfloor"u8):
                {
                    bool ok = TryFloor("imp.bidfloor", out long floor);
                    imp.FloorNanos = floor;
                    return ok;
                }

            case 11 when name.SequenceEqual("bidfloorcur"u8):
                {
                    bool ok = TryCurrency("imp.bidfloorcur", out CurrencyCode currency);
                    imp.FloorCurrency = currency;
                    return ok;
                }
        }

        return SkipValue();
    }

    private bool TryOffer(string field, AdFormats format, ref Imp imp)
    {
        imp.Offered &= ~format;
        if (!TryOpen(JsonTokenType.StartObject, field, out bool isNull)) return false;
        if (isNull) return true;
        imp.Offered |= format;
        _json.Skip();
        return true;
    }

    private bool TryPmp(ref Imp imp)
    {
        _into.DealCount = imp.DealStart;
        imp.PrivateAuction = false;
        if (!TryOpen(JsonTokenType.StartObject, "imp.pmp", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = Name();
            if (name.SequenceEqual("private_auction"u8))
            {
                if (!TryInt("imp.pmp.private_auction", 0, out int isPrivate)) return false;
                imp.PrivateAuction = isPrivate == 1;
            }
            else if (name.SequenceEqual("deals"u8))
            {
                if (!TryDeals(imp.DealStart)) return false;
            }
            else
            {
                SkipValue();
            }
        }

        return true;
    }

    private bool TryDeals(int start)
    {
        _into.DealCount = start;
        if (!TryOpen(JsonTokenType.StartArray, "imp.pmp.deals", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.StartObject) return Fail(RequestErrorKind.WrongType, "imp.pmp.deals");
            if (_into.DealCount - start == RequestLimits.DealsPerImp) return Fail(RequestErrorKind.TooMany, "imp.pmp.deals");
            if (!TryDeal(ref _into.AddDeal())) return false;
        }

        return true;
    }

    private bool TryDeal(ref Deal deal)
    {
        deal.FloorCurrency = CurrencyCode.Usd;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = Name();
            bool ok;
            if (name.SequenceEqual("id"u8))
            {
                ok = TryText("imp.pmp.deals.id", out JsonText id);
                deal.Id = id;
            }
            else if (name.SequenceEqual("bidfloor"u8))
            {
                ok = TryFloor("imp.pmp.deals.bidfloor", out long floor);
                deal.FloorNanos = floor;
            }
            else if (name.SequenceEqual("bidfloorcur"u8))
            {
                ok = TryCurrency("imp.pmp.deals.bidfloorcur", out CurrencyCode currency);
                deal.FloorCurrency = currency;
            }
            else if (name.SequenceEqual("at"u8))
            {
                ok = TryInt("imp.pmp.deals.at", 0, out int at);
                deal.AuctionType = at;
            }
            else
            {
                ok = SkipValue();
            }

            if (!ok) return false;
        }

        return deal.Id.IsPresent || Fail(RequestErrorKind.Missing, "imp.pmp.deals.id");
    }

    private bool TryFloor(string field, out long nanos)
    {
        bool ok = TryNumber(field, out double cpm);
        nanos = Nanos.FloorFromCpm(cpm);
        return ok;
    }
}
