using System.Globalization;
using AutoBid.Core.Money;
using AutoBid.OpenRtb.Currencies;

namespace AutoBid.OpenRtb.Notices;

/// <summary>The query of a notice URL after the exchange has substituted its macros.</summary>
public readonly record struct NoticeQuery
{
    /// <summary>Highest CPM that is believed, in any currency (a million per impression).</summary>
    public const decimal MaxCpm = 1_000_000_000m;

    /// <summary>Longest query that is looked at: the longest token with all macros and room for what an exchange appends.</summary>
    public const int MaxQueryLength = 4096;

    /// <summary>Text of the token, percent-decoded.</summary>
    public string Token { get; private init; }

    public NoticePrice Price { get; private init; }

    /// <summary>With <see cref="NoticePrice.Stated"/>: nanos of <see cref="Currency"/> per impression, half-even; otherwise 0.</summary>
    public long PriceNanos { get; private init; }

    /// <summary>Currency of prices; none when the exchange did not say (then its profile's).</summary>
    public CurrencyCode Currency { get; private init; }

    /// <summary>OpenRTB loss reason code; null when not stated.</summary>
    public int? LossReason { get; private init; }

    /// <summary>Least CPM that would have won, as nanos of <see cref="Currency"/> per impression; null when not stated.</summary>
    public long? MinimumToWinNanos { get; private init; }

    /// <summary>True when l or m could not be read. Both are advice, so the notice counts all the same: losing it would keep a hold locked.</summary>
    public bool AdviceMalformed { get; private init; }

    /// <summary>Parses the raw query of the request, with or without its question mark. A parameter that is there twice counts the first time.</summary>
    /// <param name="error">For people, without content of the query; set when the answer must be HTTP 400.</param>
    public static bool TryParse(ReadOnlySpan<char> query, out NoticeQuery result, out string? error)
    {
        result = default;
        error = null;
        if (query.Length > MaxQueryLength)
        {
            error = "query is too long";
            return false;
        }

        if (!query.IsEmpty && query[0] == '?') query = query[1..];
        string? token = null, price = null, currency = null, loss = null, minimum = null;
        foreach (Range range in query.Split('&'))
        {
            ReadOnlySpan<char> pair = query[range];
            if (pair.Length < 2 || pair[1] != '=') continue;
            string value = Uri.UnescapeDataString(pair[2..]);
            switch (pair[0])
            {
                case 't': token ??= value; break;
                case 'p': price ??= value; break;
                case 'c': currency ??= value; break;
                case 'l': loss ??= value; break;
                case 'm': minimum ??= value; break;
            }
        }

        return TryParse(token, price, currency, loss, minimum, out result, out error);
    }

    /// <summary>Parses the values of the parameters, already percent-decoded; null when absent.</summary>
    /// <param name="error">For people, without content of the query; set when the answer must be HTTP 400.</param>
    public static bool TryParse(string? token, string? price, string? currency, string? loss, string? minimum, out NoticeQuery result, out string? error)
    {
        result = default;
        error = null;
        if (string.IsNullOrEmpty(token)) error = "t is missing";

        NoticePrice kind = NoticePrice.Stated;
        long nanos = 0;
        if (IsAbsent(price)) kind = NoticePrice.AtBid;
        else if (price == "AUDIT") kind = NoticePrice.Audit;
        else if (!TryCpm(price!, out nanos)) error ??= "p is not a price";

        CurrencyCode code = default;
        if (!IsAbsent(currency) && !CurrencyCode.TryParse(currency.AsSpan(), out code)) error ??= "c is not a currency";
        if (error is not null) return false;

        int reason = 0;
        long least = 0;
        bool hasLoss = !IsAbsent(loss), hasMinimum = !IsAbsent(minimum);
        bool lossRead = hasLoss && int.TryParse(loss, NumberStyles.None, CultureInfo.InvariantCulture, out reason);
        bool minimumRead = hasMinimum && TryCpm(minimum!, out least);
        result = new NoticeQuery
        {
            Token = token!,
            Price = kind,
            PriceNanos = nanos,
            Currency = code,
            LossReason = lossRead ? reason : null,
            MinimumToWinNanos = minimumRead ? least : null,
            AdviceMalformed = hasLoss != lossRead || hasMinimum != minimumRead,
        };
        return true;
    }

    // "${AUCTION_PRICE}" left as it is, or with an encoding suffix such as "${AUCTION_PRICE:B64}".
    private static bool IsAbsent(string? value)
        => string.IsNullOrEmpty(value) || (value.StartsWith("${AUCTION_", StringComparison.Ordinal) && value[^1] == '}');

    private static bool TryCpm(string text, out long nanos)
    {
        nanos = 0;
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out decimal cpm) || cpm < 0 || cpm > MaxCpm) return false;
        nanos = (long)decimal.Round(cpm * Nanos.PerCpm, MidpointRounding.ToEven);
        return true;
    }
}
