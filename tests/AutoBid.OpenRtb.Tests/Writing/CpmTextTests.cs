using System.Globalization;
using System.Text;
using AutoBid.OpenRtb.Writing;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Writing;

public sealed class CpmTextTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "0.000001")]
    [InlineData(10, "0.00001")]
    [InlineData(51_000, "0.051")]
    [InlineData(1_000_000, "1")]
    [InlineData(1_000_001, "1.000001")]
    [InlineData(10_500_000, "10.5")]
    [InlineData(long.MaxValue, "9223372036854.775807")]
    public void Prices_are_plain_decimals(long nanos, string text) => Assert.Equal(text, Format(nanos));

    [Fact]
    public void Price_text_is_exact_for_any_nanos()
        => Prop.ForAll(ArbMap.Default.ArbFor<long>(), seed =>
        {
            // The plain generator stays near zero; the shifts cover every magnitude.
            for (int shift = 0; shift < 63; shift += 7)
            {
                long nanos = (seed ^ (long)(0x9E3779B97F4A7C15UL * (ulong)(shift + 1))) & (long.MaxValue >> shift);
                string text = Format(nanos);
                if (decimal.Parse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture) * 1_000_000m != nanos) return false;
                if (text.Contains('.', StringComparison.Ordinal) && text[^1] == '0') return false;
            }

            return true;
        }).Check(Checks.Config);

    [Fact]
    public void A_negative_price_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Format(-1));

    private static string Format(long nanos)
    {
        Span<byte> text = stackalloc byte[CpmText.MaxLength];
        return Encoding.ASCII.GetString(text[..CpmText.Write(nanos, text)]);
    }
}
