using System.Text.Json;

namespace AutoBid.OpenRtb.Reading;

/// <summary>imp.ext.autobid.candidates.</summary>
internal ref partial struct RequestParser
{
    private bool TryImpExtension(ref Imp imp)
    {
        _into.CandidateCount = imp.CandidateStart;
        if (!TryOpen(JsonTokenType.StartObject, "imp.ext", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!Name().SequenceEqual("autobid"u8)) SkipValue();
            else if (!TryAutoBidExtension(imp.CandidateStart)) return false;
        }

        return true;
    }

    private bool TryAutoBidExtension(int start)
    {
        _into.CandidateCount = start;
        if (!TryOpen(JsonTokenType.StartObject, "imp.ext.autobid", out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!Name().SequenceEqual("candidates"u8)) SkipValue();
            else if (!TryCandidates(start)) return false;
        }

        return true;
    }

    private bool TryCandidates(int start)
    {
        const string Field = "imp.ext.autobid.candidates";
        _into.CandidateCount = start;
        if (!TryOpen(JsonTokenType.StartArray, Field, out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (_json.TokenType != JsonTokenType.StartObject) return Fail(RequestErrorKind.WrongType, Field);
            if (_into.CandidateCount - start == RequestLimits.CandidatesPerImp) return Fail(RequestErrorKind.TooMany, Field);
            if (!TryCandidate(ref _into.AddCandidate())) return false;
        }

        return true;
    }

    private bool TryCandidate(ref Candidate candidate)
    {
        // A value below zero is refused, so it can stand for "not seen".
        candidate.Value = -1;
        while (_json.Read() && _json.TokenType == JsonTokenType.PropertyName)
        {
            if (!TryCandidateField(Name(), ref candidate)) return false;
        }

        if (!candidate.Campaign.IsPresent) return Fail(RequestErrorKind.Missing, "candidates.campaign");
        return candidate.Value >= 0 || Fail(RequestErrorKind.Missing, "candidates.value");
    }

    private bool TryCandidateField(ReadOnlySpan<byte> name, ref Candidate candidate)
    {
        bool ok;
        switch (name.Length)
        {
            case 1 when name[0] == (byte)'w':
                ok = TryInt("candidates.w", 0, out int width);
                candidate.Width = width;
                return ok;
            case 1 when name[0] == (byte)'h':
                ok = TryInt("candidates.h", 0, out int height);
                candidate.Height = height;
                return ok;
            case 3 when name.SequenceEqual("adm"u8):
                ok = TryString("candidates.adm", out JsonSlice markup);
                candidate.Markup = markup;
                return ok;
            case 3 when name.SequenceEqual("dur"u8):
                ok = TryInt("candidates.dur", 0, out int duration);
                candidate.Duration = duration;
                return ok;
            case 3 when name.SequenceEqual("cat"u8):
                ok = TryStrings("candidates.cat", out JsonSlice categories);
                candidate.Categories = categories;
                return ok;
            case 4 when name.SequenceEqual("crid"u8):
                ok = TryString("candidates.crid", out JsonSlice creative);
                candidate.Creative = creative;
                return ok;
            case 5 when name.SequenceEqual("value"u8):
                return TryValue(ref candidate);
            case 5 when name.SequenceEqual("mtype"u8):
                ok = TryInt("candidates.mtype", 0, out int markupType);
                candidate.MarkupType = markupType;
                return ok;
            case 5 when name.SequenceEqual("deals"u8):
                return TryCandidateDeals(ref candidate);
            case 7 when name.SequenceEqual("adomain"u8):
                ok = TryStrings("candidates.adomain", out JsonSlice domains);
                candidate.AdvertiserDomains = domains;
                return ok;
            case 8 when name.SequenceEqual("campaign"u8):
                ok = TryText("candidates.campaign", out JsonText campaign);
                candidate.Campaign = campaign;
                return ok;
        }

        return SkipValue();
    }

    private bool TryValue(ref Candidate candidate)
    {
        candidate.Value = -1;
        _json.Read();
        if (_json.TokenType == JsonTokenType.Null) return true;
        if (!TryNumberToken("candidates.value", out double value)) return false;
        candidate.Value = value;
        return true;
    }

    private bool TryCandidateDeals(ref Candidate candidate)
    {
        const string Field = "candidates.deals";
        candidate.DealStart = _into.CandidateDealCount;
        candidate.DealCount = 0;
        if (!TryOpen(JsonTokenType.StartArray, Field, out bool isNull)) return false;
        if (isNull) return true;
        while (_json.Read() && _json.TokenType != JsonTokenType.EndArray)
        {
            if (candidate.DealCount == RequestLimits.DealsPerImp) return Fail(RequestErrorKind.TooMany, Field);
            if (!TryTextToken(Field, out JsonText id)) return false;
            _into.AddCandidateDeal() = id;
            candidate.DealCount++;
        }

        return true;
    }
}
