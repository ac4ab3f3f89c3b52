using System.Buffers;
using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Server.Campaigns;
using AutoBid.Streaming.Json;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Server.Tests.Campaigns;

public sealed class CampaignDocumentTests
{
    [Theory]
    [InlineData("0.05", 50_000)]
    [InlineData("0.000001", 1)]
    [InlineData("12.345678", 12_345_678)]
    public void A_cpm_becomes_nanos_per_impression(string cpm, long nanos)
    {
        CampaignDocument document = Any with { BidCapCpm = decimal.Parse(cpm, System.Globalization.CultureInfo.InvariantCulture) };
        Assert.True(document.TryToCampaign("c", "t", out Campaign campaign, out _));
        Assert.Equal(nanos, campaign.BidCapNanos);
        Assert.Equal(document.BidCapCpm, CampaignDocument.Of(campaign).BidCapCpm);
    }

    [Fact]
    public void A_document_survives_the_way_to_a_campaign_and_back()
        => Prop.ForAll(Documents, document => !document.TryToCampaign("c", "t", out Campaign campaign, out _) || Same(document, CampaignDocument.Of(campaign)))
            .Check(Checks.Config);

    /// <summary>Stored settings reach the engine as an event: what the event's reader refused would be lost, and everything behind it.</summary>
    [Fact]
    public void Every_campaign_that_is_accepted_can_be_published()
        => Prop.ForAll(Documents, document =>
        {
            if (!document.TryToCampaign("c", "t", out Campaign campaign, out _)) return true;
            var e = new EngineEvent { Kind = EventKind.Campaign, TenantId = "t", CampaignId = "c", Settings = campaign, TimeTicks = new DateTime(2000, 1, 1).Ticks };
            var names = new CampaignNames();
            names.Learn(campaign);
            var payload = new ArrayBufferWriter<byte>();
            EventWriter.Write(e, names, payload);
            return EventReader.TryRead(Topic.Campaigns, payload.WrittenSpan, names, out EngineEvent read, out string error)
                ? JsonSerializer.Serialize(read.Settings) == JsonSerializer.Serialize(campaign)
                : throw new InvalidOperationException(error);
        }).Check(Checks.Config);

    private static CampaignDocument Any => new() { Objective = Objective.MaxConversions, DailyBudget = 10 };

    private static Arbitrary<CampaignDocument> Documents
    {
        get
        {
            Gen<decimal> money = Gen.Choose(0, int.MaxValue).Select(n => n / 1_000_000m);
            Gen<string?> text = Gen.Elements<string?>(null, "", "a", "acc-1", "a b", "é\u0001\"\\", new string('n', 256), new string('n', 257), "\ud83d\ude00");
            Gen<ScheduleDocument?> schedule =
                from zone in Gen.Elements<string?>(null, "UTC", "Europe/Berlin", "America/New_York", "nowhere")
                from start in Gen.Elements<DateTimeOffset?>(null, DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch.AddTicks(1))
                from end in Gen.Elements<DateTimeOffset?>(null, DateTimeOffset.UnixEpoch.AddYears(60), DateTimeOffset.MaxValue)
                from hours in Gen.Elements<int[]?>(null, [], [0, 23], [24], [.. Enumerable.Range(0, 24)], [.. Enumerable.Range(0, 24), 0])
                select new ScheduleDocument { TimeZone = zone, FlightStart = start, FlightEnd = end, Hours = hours };
            return Arb.From(
                from objective in Gen.Elements(Enum.GetValues<Objective>())
                from amounts in Gen.ListOf(money, 7)
                from some in Gen.Choose(0, 255)
                from texts in Gen.ListOf(text, 4)
                from when in schedule
                select new CampaignDocument
                {
                    Objective = objective,
                    DailyBudget = amounts[0] + 0.001m,
                    Target = objective == Objective.MaxConversions ? null : amounts[1],
                    Reference = (some & 1) == 0 ? null : amounts[2],
                    BidFloorCpm = (some & 2) == 0 ? null : amounts[3],
                    BidCapCpm = (some & 4) == 0 ? null : amounts[4],
                    FlightBudget = (some & 8) == 0 ? null : amounts[5],
                    AccountBudget = (some & 16) == 0 ? null : amounts[6],
                    Name = texts[0],
                    Account = texts[1],
                    Parent = texts[2],
                    Currency = (some & 32) == 0 ? null : "EUR",
                    Schedule = (some & 64) == 0 ? null : when,
                    Mode = PacingMode.SpendFirst,
                    Reservation = Reservation.Expected,
                    Status = CampaignStatus.Paused,
                });
        }
    }

    private static bool Same(CampaignDocument sent, CampaignDocument got)
        => sent.DailyBudget == got.DailyBudget && sent.Target == got.Target && sent.Reference == got.Reference
            && (sent.BidFloorCpm ?? 0) == (got.BidFloorCpm ?? 0) && (sent.BidCapCpm ?? 0) == (got.BidCapCpm ?? 0)
            && sent.FlightBudget == got.FlightBudget && sent.AccountBudget == got.AccountBudget && (sent.Name ?? "") == got.Name
            && sent.Account == got.Account && sent.Parent == got.Parent && (sent.Currency ?? "USD") == got.Currency
            && sent.Mode == got.Mode && sent.Reservation == got.Reservation && sent.Status == got.Status
            && sent.Schedule?.FlightStart == got.Schedule!.FlightStart && sent.Schedule?.FlightEnd == got.Schedule.FlightEnd;
}
