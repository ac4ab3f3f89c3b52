using System.Buffers.Text;
using AutoBid.Core.Money;

namespace AutoBid.OpenRtb.Writing;

/// <summary>
/// Nanos per impression as decimal CPM text. A nano per impression is a millionth of a CPM, so six decimals are exact and no double is involved.
/// </summary>
public static class CpmText
{
    /// <summary>Longest text: int64 has 19 digits, plus the point.</summary>
    public const int MaxLength = 20;

    /// <summary>Writes without exponent and without trailing zeros, such as <c>0.051</c> for 51,000 nanos.</summary>
    /// <param name="nanos">At least 0.</param>
    /// <returns>Bytes written, at most <see cref="MaxLength"/>.</returns>
    public static int Write(long nanos, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(nanos);
        (long whole, long fraction) = Math.DivRem(nanos, Nanos.PerCpm);
        Utf8Formatter.TryFormat(whole, destination, out int written);
        if (fraction == 0) return written;
        destination[written++] = (byte)'.';
        for (long unit = Nanos.PerCpm / 10; fraction > 0; unit /= 10)
        {
            (long digit, fraction) = Math.DivRem(fraction, unit);
            destination[written++] = (byte)('0' + digit);
        }

        return written;
    }
}
