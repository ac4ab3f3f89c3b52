using System.Text;
using AutoBid.OpenRtb.Currencies;
using AutoBid.OpenRtb.Reading;
using AutoBid.OpenRtb.Tests.Reading;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Currencies;

public sealed class CurrencyTests
{
    private const string Table = """
        {"base":"USD","maxAgeDays":7,"days":[{"date":"2026-07-03","rates":{"EUR":1.1}},{"date":"2026-07-01","rates":{"EUR":1.08,"JPY":0.0064}}]}
        """;

    private static readonly CurrencyCode Eur = CurrencyCode.Parse("EUR");
    private static readonly CurrencyCode Jpy = CurrencyCode.Parse("JPY");

    [Fact]
    public void Codes_are_three_letters_of_any_case()
    {
        Assert.True(CurrencyCode.TryParse("usd"u8, out CurrencyCode code));
        Assert.Equal(CurrencyCode.Usd, code);
        Assert.Equal("USD", code.ToString());
        Assert.Equal("", default(CurrencyCode).ToString());
        Assert.False(CurrencyCode.TryParse("US"u8, out _));
        Assert.False(CurrencyCode.TryParse("US$"u8, out _));
        Assert.False(CurrencyCode.TryParse("ÄÖÜ".AsSpan(), out _));
        Assert.Throws<FormatException>(() => CurrencyCode.Parse("dollar"));
    }

    [Theory]
    [InlineData(20260630, false, 0)]
    [InlineData(20260701, true, 1_080)]
    [InlineData(20260702, true, 1_080)]
    [InlineData(20260703, true, 1_100)]
    [InlineData(20260710, true, 1_100)]
    [InlineData(20260711, false, 0)]
    public void The_latest_rates_not_after_the_day_and_not_too_old_hold(int day, bool known, long converted)
    {
        CurrencyRates rates = CurrencyTable.Parse(Encoding.UTF8.GetBytes(Table)).ForDay(day);
        Assert.Equal(known, rates.TryConvertPrice(1_000, Eur, CurrencyCode.Usd, out long nanos));
        Assert.Equal(known, rates.Knows(CurrencyCode.Usd, Eur));
        if (known) Assert.Equal(converted, nanos);
    }

    [Fact]
    public void Unknown_currencies_do_not_convert_and_equal_ones_always_do()
    {
        CurrencyRates rates = CurrencyTable.Parse(Encoding.UTF8.GetBytes(Table)).ForDay(20260703);
        Assert.False(rates.TryConvertFloor(1, Jpy, CurrencyCode.Usd, out _));
        Assert.True(rates.TryConvertFloor(7, Jpy, Jpy, out long same));
        Assert.Equal(7, same);
        Assert.True(CurrencyTable.Empty.ForDay(20260703).TryConvertBid(7, Eur, Eur, out _));
        Assert.False(CurrencyTable.Empty.ForDay(20260703).TryConvertBid(7, Eur, CurrencyCode.Usd, out _));
    }

    [Fact]
    public void Floors_round_up_bids_down_and_prices_half_even()
    {
        var rates = new CurrencyRates(CurrencyCode.Usd, new Dictionary<CurrencyCode, decimal> { [Eur] = 0.5m });
        Assert.True(rates.TryConvertFloor(3, Eur, CurrencyCode.Usd, out long floor));
        Assert.True(rates.TryConvertBid(3, Eur, CurrencyCode.Usd, out long bid));
        Assert.True(rates.TryConvertPrice(3, Eur, CurrencyCode.Usd, out long three));
        Assert.True(rates.TryConvertPrice(5, Eur, CurrencyCode.Usd, out long five));
        Assert.Equal((2L, 1L, 2L, 2L), (floor, bid, three, five));
    }

    [Fact]
    public void A_floor_that_goes_to_the_account_and_back_is_never_below_itself()
        => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), Gen.Choose(1, 2_000_000).ToArbitrary(), (floor, rate) =>
        {
            var rates = new CurrencyRates(CurrencyCode.Usd, new Dictionary<CurrencyCode, decimal> { [Eur] = rate / 1_000_000m, [Jpy] = 0.0064m });
            return rates.TryConvertFloor(floor, Eur, Jpy, out long account) && rates.TryConvertBid(account, Jpy, Eur, out long back) && back >= floor
                // and not above it by more than one unit of the coarser side
                && back <= floor + 1 + (long)Math.Ceiling(0.0064 / (rate / 1e6));
        }).Check(Checks.Config);

    [Fact]
    public void Large_amounts_stay_at_the_limit_instead_of_wrapping()
    {
        var rates = new CurrencyRates(CurrencyCode.Usd, new Dictionary<CurrencyCode, decimal> { [Eur] = 1_000_000m, [Jpy] = 0.000_000_001m });
        Assert.True(rates.TryConvertFloor(long.MaxValue, Eur, Jpy, out long nanos));
        Assert.Equal(AutoBid.Core.Money.Nanos.Max, nanos);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"days\":[]}")]
    [InlineData("{\"base\":\"USD\"}")]
    [InlineData("{\"base\":\"US\",\"days\":[]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"01.07.2026\",\"rates\":{}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{\"EUR\":0}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{\"EUR\":-1}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{\"EUR\":\"1\"}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{\"USD\":1}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{\"EUR\":1,\"eur\":2}}]}")]
    [InlineData("{\"base\":\"USD\",\"days\":[{\"date\":\"2026-07-01\",\"rates\":{}},{\"date\":\"2026-07-01\",\"rates\":{}}]}")]
    public void A_bad_table_says_so(string json) => Assert.Throws<FormatException>(() => CurrencyTable.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void The_answer_is_in_the_accounts_currency_when_the_request_takes_it_else_in_the_first_with_a_rate()
    {
        BidRequest request = Requests.Read("""{"id":"x","cur":["JPY","EUR"],"imp":[{"id":"1"}]}""");
        CurrencyRates rates = CurrencyTable.Parse(Encoding.UTF8.GetBytes(Table)).ForDay(20260703);
        Assert.True(AnswerCurrency.TryChoose(request, Eur, CurrencyRates.Empty, out CurrencyCode own));
        Assert.Equal(Eur, own);
        Assert.True(AnswerCurrency.TryChoose(request, CurrencyCode.Usd, rates, out CurrencyCode converted));
        Assert.Equal(Eur, converted);
        Assert.False(AnswerCurrency.TryChoose(request, CurrencyCode.Usd, CurrencyRates.Empty, out _));
    }
}
