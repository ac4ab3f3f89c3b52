using System.Globalization;
using System.Text;
using AutoBid.Simulator.Replay;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class LogNumbersTests
{
    private static void Equal(string text)
    {
        bool expected = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double wanted);
        Assert.Equal(expected, LogNumbers.TryDouble(Encoding.UTF8.GetBytes(text), out double value));
        if (expected) Assert.True(BitConverter.DoubleToInt64Bits(wanted) == BitConverter.DoubleToInt64Bits(value), $"{text}: {value:R}, not {wanted:R}");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("2900")]
    [InlineData("0.1")]
    [InlineData(".5")]
    [InlineData("5.")]
    [InlineData("+7")]
    [InlineData("1e22")]
    [InlineData("1E-23")]
    [InlineData("9.019629E-05")]
    [InlineData("12345678901234567890123456789")]
    [InlineData("0.00000000000000000000000000012345")]
    [InlineData("9007199254740993")]
    [InlineData("0.9007199254740993")]
    [InlineData("1e400")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData(" 12 ")]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1.2.3")]
    [InlineData("1e")]
    [InlineData("1e+")]
    [InlineData("0x10")]
    [InlineData("1,5")]
    [InlineData("abc")]
    public void Numbers_are_the_platforms(string text) => Equal(text);

    [Fact]
    public void Random_numbers_are_the_platforms()
    {
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Two().ToArbitrary(), seeds =>
        {
            long bits = ((long)seeds.Item1 << 32) ^ ((long)seeds.Item2 << 1);
            // Any double, doubles near 1 as logs write them, and decimals of up to 18 digits with ties and near-ties among them.
            Equal(BitConverter.Int64BitsToDouble(bits).ToString("R", CultureInfo.InvariantCulture));
            Equal(((float)(seeds.Item1 / 3e12)).ToString(CultureInfo.InvariantCulture));
            Equal((seeds.Item1 / (1.0 + seeds.Item2)).ToString("R", CultureInfo.InvariantCulture));
            string digits = (Math.Abs(bits) % 1_000_000_000_000_000_000).ToString(CultureInfo.InvariantCulture);
            for (int point = 0; point <= digits.Length; point++) Equal(digits[..point] + "." + digits[point..]);
            Equal("0.000" + digits);
            return true;
        }).Check(Checks.Config);
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("47", 47)]
    [InlineData("-3", -3)]
    [InlineData("7.0", 7)]
    [InlineData("7.", 7)]
    [InlineData(" 7 ", 7)]
    public void Whole_numbers(string text, long expected)
    {
        Assert.True(LogNumbers.TryInteger(Encoding.UTF8.GetBytes(text), out long value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("-")]
    [InlineData("7.5")]
    [InlineData("7e1")]
    [InlineData("1234567890123456789")]
    [InlineData("x")]
    [InlineData("1 2")]
    public void No_whole_numbers(string text) => Assert.False(LogNumbers.TryInteger(Encoding.UTF8.GetBytes(text), out _));

    [Fact]
    public void A_field_is_shown_short_and_printable()
    {
        Assert.Equal("'a?b'", LogNumbers.Shown("a\u0001b"u8));
        Assert.Equal($"'{new string('9', 40)}...'", LogNumbers.Shown(Encoding.UTF8.GetBytes(new string('9', 41))));
    }
}
