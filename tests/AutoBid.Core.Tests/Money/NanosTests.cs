using AutoBid.Core.Money;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Money;

public sealed class NanosTests
{
    [Theory]
    [InlineData("0", 6, true, 0)]
    [InlineData("12.345678", 6, true, 12_345_678_000)]
    [InlineData("12.3456789", 6, false, 0)]
    [InlineData("0.000000001", 9, true, 1)]
    [InlineData("0.0000000001", 9, false, 0)]
    [InlineData("-0.01", 6, false, 0)]
    [InlineData("1000000000", 6, true, 1_000_000_000_000_000_000)]
    [InlineData("1000000000.000001", 6, false, 0)]
    public void Decimals_become_nanos_exactly_or_not_at_all(string amount, int decimals, bool accepted, long expected)
    {
        Assert.Equal(accepted, Nanos.TryFromDecimal(decimal.Parse(amount, System.Globalization.CultureInfo.InvariantCulture), decimals, out long nanos));
        Assert.Equal(expected, nanos);
    }

    [Fact]
    public void Decimal_round_trip_is_exact()
        => Prop.ForAll<long>(n =>
        {
            long nanos = Math.Abs(n % Nanos.Max);
            return Nanos.TryFromDecimal(Nanos.ToDecimal(nanos), 9, out long back) && back == nanos;
        }).Check(Checks.Config);

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(1.9e-9, 1)]
    [InlineData(1e300, Nanos.Max)]
    [InlineData(double.PositiveInfinity, Nanos.Max)]
    public void A_bid_is_rounded_down_and_bounded(double price, long expected) => Assert.Equal(expected, Nanos.BidFromDouble(price));

    [Theory]
    [InlineData(2.5e-9, 2)]
    [InlineData(3.5e-9, 4)]
    [InlineData(2.6e-9, 3)]
    [InlineData(double.NaN, 0)]
    [InlineData(-3, 0)]
    [InlineData(double.PositiveInfinity, Nanos.Max)]
    public void A_price_is_rounded_half_to_even(double price, long expected) => Assert.Equal(expected, Nanos.PriceFromDouble(price));

    [Fact]
    public void A_bid_never_exceeds_what_it_was_computed_from()
        => Prop.ForAll<NormalFloat>(f =>
        {
            double price = Math.Abs(f.Get) % 1e6;
            // The product itself is rounded by half an ulp; nothing beyond that may raise it.
            return Nanos.BidFromDouble(price) <= price * Nanos.PerUnit;
        }).Check(Checks.Config);

    [Fact]
    public void A_floor_in_whole_nanos_stays_what_it_is()
        => Prop.ForAll<PositiveInt, byte>((k, shift) =>
        {
            long nanos = (long)k.Get << (shift % 20);
            return Nanos.FloorFromCpm(nanos / 1e6) == nanos;
        }).Check(Checks.Config);

    [Theory]
    [InlineData(0.05, 50_000)]
    [InlineData(0.0000001, 1)]
    [InlineData(1.0000004, 1_000_001)]
    [InlineData(500.0000002, 500_000_001)]
    [InlineData(2000.0000003, 2_000_000_001)]
    [InlineData(-1, 0)]
    [InlineData(double.NaN, 0)]
    [InlineData(double.PositiveInfinity, Nanos.Max)]
    public void A_floor_is_never_below_what_the_seller_asked(double cpm, long expected) => Assert.Equal(expected, Nanos.FloorFromCpm(cpm));

    [Fact]
    public void A_bid_from_cpm_never_exceeds_the_floor_of_the_same_cpm()
        => Prop.ForAll<PositiveInt>(k => Nanos.BidFromCpm(k.Get / 1000.0) <= Nanos.FloorFromCpm(k.Get / 1000.0)).Check(Checks.Config);

    [Fact]
    public void Sums_saturate_instead_of_wrapping()
        => Prop.ForAll<long, long>((a, b) =>
        {
            Int128 exact = (Int128)a + b;
            return Nanos.AddSaturating(a, b) == (long)Int128.Clamp(exact, long.MinValue, long.MaxValue);
        }).Check(Checks.Config);

    [Fact]
    public void Sums_saturate_at_the_limits()
    {
        Assert.Equal(long.MaxValue, Nanos.AddSaturating(long.MaxValue, 1));
        Assert.Equal(long.MinValue, Nanos.AddSaturating(long.MinValue, -1));
        Assert.Equal(-1, Nanos.AddSaturating(long.MaxValue, long.MinValue));
    }

    [Theory]
    [InlineData(10, 1, 3, 3)]
    [InlineData(long.MaxValue, 3, 3, long.MaxValue)]
    [InlineData(long.MaxValue, 3, 2, long.MaxValue)]
    [InlineData(0, 5, 7, 0)]
    public void MulDiv_keeps_the_whole_product(long nanos, long numerator, long denominator, long expected)
        => Assert.Equal(expected, Nanos.MulDiv(nanos, numerator, denominator));

    [Theory]
    [InlineData(1_500_000_000, "1.5")]
    [InlineData(1, "0.000000001")]
    [InlineData(-2_000_000_000, "-2")]
    [InlineData(0, "0")]
    public void Format_is_invariant(long nanos, string expected) => Assert.Equal(expected, Nanos.Format(nanos));
}
