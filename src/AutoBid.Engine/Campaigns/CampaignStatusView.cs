using AutoBid.Core.Campaigns;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Leases;

namespace AutoBid.Engine.Campaigns;

/// <summary>A copy of a campaign's day for the API.</summary>
public sealed record CampaignStatusView
{
    public required Campaign Settings { get; init; }

    /// <summary>yyyymmdd; 0: no day has begun.</summary>
    public required int Day { get; init; }

    public required long DayStartTicks { get; init; }

    public required double Reference { get; init; }

    public required double Multiplier { get; init; }

    public required double RawMultiplier { get; init; }

    public required long SpentNanos { get; init; }

    public required long AdjustedNanos { get; init; }

    public required long Conversions { get; init; }

    public required long ConversionValueMicros { get; init; }

    /// <summary>Sum of predicted value won, x 1e9.</summary>
    public required long ValueWonE9 { get; init; }

    public required LeaseView Lease { get; init; }

    /// <summary>Closed rows of the day, oldest first, then the running one.</summary>
    public required IReadOnlyList<StepRow> Rows { get; init; }

    internal static CampaignStatusView Of(CampaignBook book, LeaseDesk leases, int campaign)
    {
        ref CampaignEntry entry = ref book[campaign];
        var rows = new List<StepRow>();
        if (entry.Block >= 0 && entry.Day != 0)
        {
            TrajectoryView view = book.Trajectories.View(entry.Block);
            rows.AddRange(view.Rows);
            if (view.Closed < Core.Time.StepClock.StepsPerDay)
                rows.Add(book.Open(campaign).ToRow(entry.Reference, entry.Multiplier, Math.Min(view.Open.Elapsed, 0.9999f), partial: false));
        }

        return new CampaignStatusView
        {
            Settings = entry.Settings!,
            Day = entry.Day,
            DayStartTicks = entry.DayStartTicks,
            Reference = entry.Reference,
            Multiplier = entry.Multiplier,
            RawMultiplier = entry.RawMultiplier,
            SpentNanos = entry.SpentNanos,
            AdjustedNanos = entry.AdjustedNanos,
            Conversions = entry.Conversions,
            ConversionValueMicros = entry.ConversionValueMicros,
            ValueWonE9 = entry.ValueWonE9,
            Lease = leases.Look(campaign),
            Rows = rows,
        };
    }
}
