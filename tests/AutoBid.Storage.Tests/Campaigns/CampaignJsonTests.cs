using System.Collections;
using System.Reflection;
using AutoBid.Core.Campaigns;
using AutoBid.Storage.Campaigns;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Storage.Tests.Campaigns;

public sealed class CampaignJsonTests
{
    private static readonly Campaign Least = new() { Id = "c", TenantId = "t", Objective = Objective.MaxConversions, DailyBudgetNanos = 1 };

    private static readonly Campaign Full = new()
    {
        Id = "c-1",
        TenantId = "acme",
        Name = "Frühling \"26\" \u20ac",
        Objective = Objective.TargetRoas,
        Currency = "EUR",
        DailyBudgetNanos = 1_000_000_000_000_000_000,
        Target = 1.000001m,
        Reference = 999_999_999.999999m,
        BidFloorNanos = 1,
        BidCapNanos = long.MaxValue,
        Schedule = new Schedule
        {
            TimeZone = "Europe/Berlin",
            FlightStart = new DateTime(2026, 8, 1, 1, 2, 3, DateTimeKind.Utc).AddTicks(4_567_891),
            FlightEnd = new DateTime(2026, 9, 1, 0, 0, 0, DateTimeKind.Utc),
            Hours = [0, 7, 23],
        },
        FlightBudgetNanos = 7,
        Account = "brand",
        AccountBudgetNanos = 8,
        Policy = "gave",
        Mode = PacingMode.SpendFirst,
        Reservation = Reservation.Expected,
        MinMultiplier = 0.1,
        MaxMultiplier = 1.0 / 3,
        AccountConstant = 0.30000000000000004,
        Status = CampaignStatus.Paused,
        Parent = "c-0",
        Version = 42,
    };

    [Fact]
    public void Every_property_survives()
    {
        // A property that Core gains later fails here until the stored form has it.
        AssertDiffers(Full, Least);
        AssertDiffers(Full.Schedule, Least.Schedule);
        Campaign back = CampaignJson.Read(CampaignJson.Write(Full));
        AssertSame(Full, back);
        AssertSame(Full.Schedule, back.Schedule);
        Assert.Equal(DateTimeKind.Utc, back.Schedule.FlightStart!.Value.Kind);

        Campaign least = CampaignJson.Read(CampaignJson.Write(Least));
        AssertSame(Least, least);
        AssertSame(Least.Schedule, least.Schedule);
    }

    [Fact]
    public void Decimals_are_exact_and_have_one_form()
    {
        Prop.ForAll(Gen.Choose(1, int.MaxValue).Zip(Gen.Choose(0, 12)).ToArbitrary(), pair =>
        {
            decimal target = new(pair.Item1, 0, 0, false, (byte)pair.Item2);
            string json = CampaignJson.Write(Full with { Target = target });
            Assert.Equal(target, CampaignJson.Read(json).Target);
            Assert.Equal(json, CampaignJson.Write(Full with { Target = target * 1.0000m }));
        }).Check(Checks.Config);
    }

    [Fact]
    public void What_is_missing_takes_the_default_and_what_is_unknown_is_ignored()
    {
        Campaign campaign = CampaignJson.Read(
            """{"id":"c","tenant":"t","objective":"MaxConversions","dailyBudgetNanos":1,"later":{"x":[1]},"schedule":{"later":1}}""");
        AssertSame(Least, campaign with { Schedule = Least.Schedule });
        AssertSame(Least.Schedule, campaign.Schedule);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"id":"c"}""")]
    [InlineData("""{"id":"c","tenant":"t","objective":"Fame","dailyBudgetNanos":1}""")]
    [InlineData("""{"id":"c","tenant":"t","objective":"TargetCpa","dailyBudgetNanos":1.5}""")]
    public void A_damaged_document_is_an_error_that_says_so(string json)
        => Assert.StartsWith("A stored campaign", Assert.Throws<InvalidDataException>(() => CampaignJson.Read(json)).Message, StringComparison.Ordinal);

    private static PropertyInfo[] Stored(Type type) => [.. type.GetProperties().Where(property => property.CanWrite && property.PropertyType != typeof(Schedule))];

    private static void AssertDiffers(object one, object other)
    {
        foreach (PropertyInfo property in Stored(one.GetType()))
            Assert.False(Same(property.GetValue(one), property.GetValue(other)), $"The sample needs another value than the default of {property.Name}.");
    }

    private static void AssertSame(object expected, object actual)
    {
        foreach (PropertyInfo property in Stored(expected.GetType()))
            Assert.True(Same(property.GetValue(expected), property.GetValue(actual)), $"{property.Name} is not what was written.");
    }

    private static bool Same(object? one, object? other)
        => one is IEnumerable many and not string ? many.Cast<object>().SequenceEqual(((IEnumerable)other!).Cast<object>()) : Equals(one, other);
}
