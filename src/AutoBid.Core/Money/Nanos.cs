using System.Globalization;

namespace AutoBid.Core.Money;

/// <summary>
/// Conversions between account currency and int64 nanos (1e-9 of the account currency, per impression = micro-CPM).
/// Every price, bid, hold and ledger sum of the engine is such an int64 (design.md section 4).
/// </summary>
public static class Nanos
{
    /// <summary>Nanos in one unit of account currency.</summary>
    public const long PerUnit = 1_000_000_000;

    /// <summary>Nanos per impression in one unit of CPM (price of a thousand impressions).</summary>
    public const long PerCpm = 1_000_000;

    /// <summary>Largest amount accepted from outside: 1e9 units of currency, so that sums of eight such amounts stay below int64.</summary>
    public const long Max = 1_000_000_000L * PerUnit;

    /// <summary>Account currency to nanos, exact. False when negative, above <see cref="Max"/>, or finer than 1e-<paramref name="decimals"/>.</summary>
    public static bool TryFromDecimal(decimal amount, int decimals, out long nanos)
    {
        nanos = 0;
        if (amount < 0 || amount > Max / PerUnit) return false;
        if (decimal.Round(amount, decimals) != amount) return false;
        nanos = (long)(amount * PerUnit);
        return true;
    }

    /// <summary>Nanos to account currency, exact.</summary>
    public static decimal ToDecimal(long nanos) => (decimal)nanos / PerUnit;

    /// <summary>Nanos to account currency, nearest double. For reports and model inputs only, never for ledger arithmetic.</summary>
    public static double ToDouble(long nanos) => nanos / (double)PerUnit;

    /// <summary>A bid in currency per impression to nanos, rounded down so that no rounding can raise a price.</summary>
    public static long BidFromDouble(double price)
    {
        if (!(price > 0)) return 0;
        double nanos = price * PerUnit;
        return nanos >= Max ? Max : (long)nanos;
    }

    /// <summary>A settled price in currency per impression to nanos, half to even.</summary>
    public static long PriceFromDouble(double price)
    {
        if (!(price > 0)) return 0;
        double nanos = Math.Round(price * PerUnit, MidpointRounding.ToEven);
        return nanos >= Max ? Max : (long)nanos;
    }

    /// <summary>CPM as used by OpenRTB (price, bidfloor) to nanos per impression, rounded down.</summary>
    public static long BidFromCpm(double cpm) => BidFromDouble(cpm / 1000.0);

    /// <summary>CPM to nanos per impression, rounded up: a floor must never be rounded below what the seller asked.</summary>
    public static long FloorFromCpm(double cpm)
    {
        if (!(cpm > 0)) return 0;
        double nanos = cpm * PerCpm;
        // A double such as 0.05 * 1e6 lies a hair above the integer it means; that hair is not part of the floor.
        double rounded = Math.Round(nanos);
        double exact = Math.Abs(nanos - rounded) <= 1e-15 * rounded ? rounded : Math.Ceiling(nanos);
        return exact >= Max ? Max : (long)exact;
    }

    /// <summary>Nanos per impression to CPM.</summary>
    public static double ToCpm(long nanos) => nanos / (double)PerCpm;

    /// <summary>Sum that stays at the int64 limits instead of wrapping: a ledger must never turn an absurd amount into a credit.</summary>
    public static long AddSaturating(long a, long b)
    {
        long sum = unchecked(a + b);
        if (((a ^ sum) & (b ^ sum)) < 0) return a < 0 ? long.MinValue : long.MaxValue;
        return sum;
    }

    /// <summary>nanos x numerator / denominator with a 128-bit product, rounded down.</summary>
    public static long MulDiv(long nanos, long numerator, long denominator)
        => (long)Int128.Clamp((Int128)nanos * numerator / denominator, long.MinValue, long.MaxValue);

    /// <summary>Invariant text with at most nine decimals, for logs and reports.</summary>
    public static string Format(long nanos) => ToDecimal(nanos).ToString("0.#########", CultureInfo.InvariantCulture);
}
