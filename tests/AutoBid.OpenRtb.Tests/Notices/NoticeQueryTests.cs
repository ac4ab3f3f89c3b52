using System.Globalization;
using AutoBid.OpenRtb.Notices;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.OpenRtb.Tests.Notices;

public sealed class NoticeQueryTests
{
    [Fact]
    public void A_substituted_query_is_read()
    {
        NoticeQuery query = Parse("?t=AbC-_9&p=2.4535&c=EUR&l=102&m=2.46");
        Assert.Equal("AbC-_9", query.Token);
        Assert.Equal(NoticePrice.Stated, query.Price);
        Assert.Equal(2_453_500, query.PriceNanos);
        Assert.Equal("EUR", query.Currency.ToString());
        Assert.Equal(102, query.LossReason);
        Assert.Equal(2_460_000, query.MinimumToWinNanos);
        Assert.False(query.AdviceMalformed);
    }

    [Theory]
    [InlineData("t=x")]
    [InlineData("t=x&p=&c=&l=&m=")]
    [InlineData("t=x&p=${AUCTION_PRICE}&c=${AUCTION_CURRENCY}&l=${AUCTION_LOSS}&m=${AUCTION_MIN_TO_WIN}")]
    [InlineData("t=x&p=%24%7BAUCTION_PRICE%7D&c=%24%7BAUCTION_CURRENCY%7D")]
    [InlineData("t=x&p=${AUCTION_PRICE:B64}")]
    public void Without_a_price_the_bid_settles(string text)
    {
        NoticeQuery query = Parse(text);
        Assert.Equal(NoticePrice.AtBid, query.Price);
        Assert.Equal(0, query.PriceNanos);
        Assert.True(query.Currency.IsNone);
        Assert.Null(query.LossReason);
        Assert.Null(query.MinimumToWinNanos);
        Assert.False(query.AdviceMalformed);
    }

    [Fact]
    public void An_audit_is_told_apart() => Assert.Equal(NoticePrice.Audit, Parse("t=x&p=AUDIT").Price);

    [Theory]
    [InlineData("0", 0)]
    [InlineData("0.0000005", 0)]
    [InlineData("0.0000015", 2)]
    [InlineData("0.00000151", 2)]
    [InlineData("0.0000025", 2)]
    [InlineData("1.25e-3", 1_250)]
    [InlineData("1000000000", 1_000_000_000_000_000)]
    public void Prices_round_half_to_even(string price, long nanos) => Assert.Equal(nanos, Parse($"t=x&p={price}").PriceNanos);

    [Theory]
    [InlineData("p=-1")]
    [InlineData("p=NaN")]
    [InlineData("p=Infinity")]
    [InlineData("p=1e30")]
    [InlineData("p=1000000000.1")]
    [InlineData("p=1,5")]
    [InlineData("p=%201")]
    [InlineData("p=audit")]
    [InlineData("p=$1")]
    [InlineData("p=1&c=EURO")]
    [InlineData("p=1&c=%00%00%00")]
    public void Absurd_prices_and_currencies_are_errors(string rest)
    {
        Assert.False(NoticeQuery.TryParse("t=x&" + rest, out _, out string? error));
        Assert.NotNull(error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?")]
    [InlineData("t=")]
    [InlineData("p=1")]
    public void A_query_without_token_is_an_error(string text)
    {
        Assert.False(NoticeQuery.TryParse(text, out _, out string? error));
        Assert.Equal("t is missing", error);
    }

    [Fact]
    public void Advice_that_cannot_be_read_does_not_lose_the_notice()
    {
        NoticeQuery query = Parse("t=x&p=1&l=lost&m=-3");
        Assert.Equal(1_000_000, query.PriceNanos);
        Assert.Null(query.LossReason);
        Assert.Null(query.MinimumToWinNanos);
        Assert.True(query.AdviceMalformed);
    }

    [Fact]
    public void The_first_of_a_repeated_parameter_counts_and_foreign_ones_are_ignored()
    {
        NoticeQuery query = Parse("t=x&p=1&p=2&utm=7&pp=9&=3&&p");
        Assert.Equal(1_000_000, query.PriceNanos);
    }

    [Fact]
    public void A_very_long_query_is_refused() => Assert.False(NoticeQuery.TryParse("t=" + new string('x', 5000), out _, out _));

    [Fact]
    public void Any_query_ends_in_a_result_or_an_error()
        => Prop.ForAll<NonNull<string>>(text =>
        {
            bool read = NoticeQuery.TryParse("t=x&p=" + text.Get, out NoticeQuery query, out string? error);
            return read == (error is null) && (!read || query.PriceNanos >= 0);
        }).Check(Checks.Config);

    [Fact]
    public void Any_price_of_six_decimals_is_exact()
        => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), micro =>
            Parse(string.Create(CultureInfo.InvariantCulture, $"t=x&p={micro / 1_000_000m}")).PriceNanos == micro).Check(Checks.Config);

    private static NoticeQuery Parse(string text)
    {
        Assert.True(NoticeQuery.TryParse(text, out NoticeQuery query, out string? error), error);
        return query;
    }
}
