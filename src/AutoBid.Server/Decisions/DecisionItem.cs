using System.Text.Json.Serialization;
using AutoBid.Core.Campaigns;
using AutoBid.Server.Http;

namespace AutoBid.Server.Decisions;

/// <summary>One request of <c>POST /v1/decisions</c> (design.md section 7). Quantities are doubles in account currency.</summary>
public sealed record DecisionItem
{
    public string? Id { get; init; }

    public double? DeadlineMs { get; init; }

    public CampaignPart? Campaign { get; init; }

    public PriorPart? Prior { get; init; }

    /// <summary>Steps of the day; 48.</summary>
    public int? Ticks { get; init; }

    /// <summary>Number of closed steps: the length of <see cref="History"/>.</summary>
    public int? Tick { get; init; }

    public IReadOnlyList<StepPart>? History { get; init; }

    public StepPart? Open { get; init; }

    public CurrentPart? Current { get; init; }

    public sealed record CampaignPart
    {
        [JsonConverter(typeof(StrictEnumConverter<Objective>))]
        public Objective? Objective { get; init; }

        public double? Budget { get; init; }

        public double? Target { get; init; }

        public double? Reference { get; init; }

        [JsonConverter(typeof(StrictEnumConverter<PacingMode>))]
        public PacingMode? Mode { get; init; }

        public string? Policy { get; init; }

        public double? MinMultiplier { get; init; }

        public double? MaxMultiplier { get; init; }

        public double? AccountConstant { get; init; }
    }

    public sealed record PriorPart
    {
        public double[]? BidPerValue { get; init; }

        public double[]? Cost { get; init; }

        public double[]? Value { get; init; }

        public double? MeanValue { get; init; }

        public double? Reference { get; init; }

        public double[]? Shape { get; init; }

        public double? OpportunitiesPerDay { get; init; }

        public int? RegimeSteps { get; init; }
    }

    public sealed record CurvePart
    {
        public double[]? BidPerValue { get; init; }

        public double[]? Cost { get; init; }

        public double[]? Value { get; init; }
    }

    public sealed record CurrentPart
    {
        public double? Impressions { get; init; }

        public double? MeanValue { get; init; }
    }

    public sealed record StepPart
    {
        public double? Impressions { get; init; }

        public double? MeanValue { get; init; }

        public double? BidPerValue { get; init; }

        public double? MeanBid { get; init; }

        public double? MeanLeastWinningCost { get; init; }

        public double? Wins { get; init; }

        public double? Exposures { get; init; }

        public double? Cost { get; init; }

        public double? Conversions { get; init; }

        public double? ConversionValue { get; init; }

        public double? ValueWon { get; init; }

        public double? Elapsed { get; init; }

        public CurvePart? Response { get; init; }
    }
}
