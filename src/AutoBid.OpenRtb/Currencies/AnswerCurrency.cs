using AutoBid.OpenRtb.Reading;

namespace AutoBid.OpenRtb.Currencies;

/// <summary>Chooses the currency of an answer, which OpenRTB wants to be one of the request's.</summary>
public static class AnswerCurrency
{
    /// <summary>
    /// The account's own currency when the request takes it (nothing to convert), else the first of the request's for which there is a rate.
    /// False: no bid with <see cref="Writing.NoBidReason.Currency"/>.
    /// </summary>
    public static bool TryChoose(BidRequest request, CurrencyCode account, CurrencyRates rates, out CurrencyCode currency)
    {
        currency = account;
        if (request.AllowsCurrency(account)) return true;
        foreach (CurrencyCode offered in request.Currencies)
        {
            currency = offered;
            if (rates.Knows(account, offered)) return true;
        }

        currency = default;
        return false;
    }
}
