using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Writing;

namespace AutoBid.OpenRtb.Deals;

/// <summary>
/// Which floor binds a candidate. A candidate that names a deal of the impression bids on it and the deal's floor replaces the impression's;
/// of several the one with the lowest floor in account currency is taken, at equal floors the one the candidate names first.
/// </summary>
public static class FloorRules
{
    /// <summary>Resolves floor and deal of one candidate. Without allocation.</summary>
    /// <param name="account">Currency of the campaign's account, in which the floor is answered.</param>
    /// <param name="rates">Rates of the day; <see cref="CurrencyRates.Empty"/> lets equal currencies through.</param>
    /// <param name="reason">Why the candidate drops out: <see cref="NoBidReason.DealRequired"/> or <see cref="NoBidReason.Currency"/>.</param>
    public static bool TryResolve(BidRequest request, in Imp imp, in Candidate candidate, CurrencyCode account, CurrencyRates rates,
        out EffectiveFloor floor, out NoBidReason reason)
    {
        bool named = false;
        floor = new EffectiveFloor(0, -1);
        reason = NoBidReason.UnknownError;
        if (imp.DealCount > 0)
        {
            foreach (ref readonly JsonText id in request.DealsOf(candidate))
            {
                int index = FindDeal(request, imp, id);
                if (index < 0) continue;
                named = true;
                ref readonly Deal deal = ref request.Deals[index];
                if (!rates.TryConvertFloor(deal.FloorNanos, deal.FloorCurrency, account, out long nanos)) continue;
                if (floor.Deal < 0 || nanos < floor.FloorNanos) floor = new EffectiveFloor(nanos, index);
            }

            if (floor.Deal >= 0) return true;
        }

        if (imp.PrivateAuction)
        {
            reason = named ? NoBidReason.Currency : NoBidReason.DealRequired;
            return false;
        }

        // Also reached when the named deals are in currencies without a rate: the open auction is still there.
        if (rates.TryConvertFloor(imp.FloorNanos, imp.FloorCurrency, account, out long open))
        {
            floor = new EffectiveFloor(open, -1);
            return true;
        }

        // A floor of zero is zero in every currency.
        if (imp.FloorNanos == 0) return true;
        reason = NoBidReason.Currency;
        return false;
    }

    private static int FindDeal(BidRequest request, in Imp imp, in JsonText id)
    {
        ReadOnlySpan<byte> wanted = request.Text(id);
        ReadOnlySpan<Deal> deals = request.DealsOf(imp);
        for (int i = 0; i < deals.Length; i++)
            if (request.Text(deals[i].Id).SequenceEqual(wanted)) return imp.DealStart + i;
        return -1;
    }
}
