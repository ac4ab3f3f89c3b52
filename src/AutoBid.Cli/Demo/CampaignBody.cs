using System.Buffers;
using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Demo;

/// <summary>Bodies of POST /v1/campaigns for market campaigns.</summary>
internal static class CampaignBody
{
    /// <summary>The one campaign that buys score instead of keeping its target, so that a day shows both modes.</summary>
    private const string SpendFirst = "cpa-games";

    public static PacingMode ModeOf(MarketCampaign campaign) => campaign.Id == SpendFirst ? PacingMode.SpendFirst : PacingMode.TargetFirst;

    /// <param name="policy">Null: the campaign names none.</param>
    public static ReadOnlyMemory<byte> Write(MarketCampaign campaign, string? policy)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(body);
        writer.WriteStartObject();
        writer.WriteString("id", campaign.Id);
        writer.WriteString("name", $"Demo: {campaign.Id}");
        writer.WriteString("objective", campaign.Objective.ToString());
        writer.WriteString("currency", "USD");
        writer.WriteNumber("dailyBudget", campaign.DailyBudget);
        if (campaign.Target is { } target) writer.WriteNumber("target", target);
        if (campaign.Reference is { } reference) writer.WriteNumber("reference", reference);
        if (policy is not null) writer.WriteString("policy", policy);
        writer.WriteString("mode", ModeOf(campaign).ToString());
        writer.WriteStartObject("schedule");
        writer.WriteString("timeZone", "UTC");
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return body.WrittenMemory;
    }
}
