using AutoBid.Core.Money;

namespace AutoBid.OpenRtb.Currencies;

/// <summary>
/// Exchange rates of one day. Immutable. Conversions are exact rationals of the stored rates, rounded once, so a floor rounded up into
/// the account's currency and back down into the exchange's own is never below what the seller asked.
/// </summary>
public sealed class CurrencyRates
{
    /// <summary>Rates are kept as multiples of 1e-12 of the base currency.</summary>
    private const decimal RateScale = 1_000_000_000_000m;

    private readonly CurrencyCode[] _codes;
    private readonly long[] _rates;

    /// <param name="baseCurrency">Currency in which the rates are stated.</param>
    /// <param name="rates">Units of the base currency for one unit of each currency, between 1e-9 and 1e6.</param>
    /// <exception cref="ArgumentOutOfRangeException">A rate is outside that range.</exception>
    public CurrencyRates(CurrencyCode baseCurrency, IReadOnlyDictionary<CurrencyCode, decimal> rates)
    {
        _codes = new CurrencyCode[rates.Count + 1];
        _rates = new long[rates.Count + 1];
        _codes[0] = baseCurrency;
        _rates[0] = (long)RateScale;
        int i = 1;
        foreach ((CurrencyCode code, decimal rate) in rates)
        {
            if (rate is < 0.000_000_001m or > 1_000_000m) throw new ArgumentOutOfRangeException(nameof(rates), rate, $"Rate of {code} is not between 1e-9 and 1e6.");
            _codes[i] = code;
            _rates[i++] = (long)decimal.Round(rate * RateScale);
        }
    }

    private CurrencyRates()
    {
        _codes = [];
        _rates = [];
    }

    /// <summary>Knows no rate: only equal currencies convert.</summary>
    public static CurrencyRates Empty { get; } = new();

    /// <summary>True when amounts can be converted between the two.</summary>
    public bool Knows(CurrencyCode from, CurrencyCode to) => from == to || (IndexOf(from) >= 0 && IndexOf(to) >= 0);

    /// <summary>Converts a floor: rounded up. False when a rate is unknown.</summary>
    public bool TryConvertFloor(long nanos, CurrencyCode from, CurrencyCode to, out long converted)
    {
        converted = nanos;
        if (from == to) return true;
        if (!TryScale(nanos, from, to, out Int128 product, out long divisor)) return false;
        converted = Clamp((product + divisor - 1) / divisor);
        return true;
    }

    /// <summary>Converts a bid: rounded down. False when a rate is unknown.</summary>
    public bool TryConvertBid(long nanos, CurrencyCode from, CurrencyCode to, out long converted)
    {
        converted = nanos;
        if (from == to) return true;
        if (!TryScale(nanos, from, to, out Int128 product, out long divisor)) return false;
        converted = Clamp(product / divisor);
        return true;
    }

    /// <summary>Converts a settled price: half to even. False when a rate is unknown.</summary>
    public bool TryConvertPrice(long nanos, CurrencyCode from, CurrencyCode to, out long converted)
    {
        converted = nanos;
        if (from == to) return true;
        if (!TryScale(nanos, from, to, out Int128 product, out long divisor)) return false;
        (Int128 quotient, Int128 rest) = Int128.DivRem(product, divisor);
        Int128 twice = 2 * rest;
        if (twice > divisor || (twice == divisor && Int128.IsOddInteger(quotient))) quotient++;
        converted = Clamp(quotient);
        return true;
    }

    private static long Clamp(Int128 nanos) => (long)Int128.Min(nanos, Nanos.Max);

    private bool TryScale(long nanos, CurrencyCode from, CurrencyCode to, out Int128 product, out long divisor)
    {
        int source = IndexOf(from);
        int target = IndexOf(to);
        product = 0;
        divisor = 1;
        if (source < 0 || target < 0) return false;
        // Amounts stay below 1e18 and rates below 1e18, so the product fits 128 bits.
        product = (Int128)Math.Clamp(nanos, 0, Nanos.Max) * _rates[source];
        divisor = _rates[target];
        return true;
    }

    private int IndexOf(CurrencyCode code) => Array.IndexOf(_codes, code);
}
