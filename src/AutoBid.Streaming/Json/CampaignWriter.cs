using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>Writes the campaign document of autobid.campaigns.</summary>
internal static class CampaignWriter
{
    public static void Write(Utf8JsonWriter json, in EngineEvent e)
    {
        Campaign campaign = e.Settings ?? throw new ArgumentException("a campaign event needs its settings", nameof(e));
        json.WriteString("tenant"u8, campaign.TenantId);
        json.WriteString("id"u8, campaign.Id);
        json.WriteNumber("version"u8, campaign.Version);
        if (e.TimeTicks != 0) EventWriter.WriteTime(json, "time"u8, e.TimeTicks);
        json.WriteString("name"u8, campaign.Name);
        json.WriteString("objective"u8, campaign.Objective.ToString());
        json.WriteString("currency"u8, campaign.Currency);
        json.WriteNumber("dailyBudgetNanos"u8, campaign.DailyBudgetNanos);
        if (campaign.Target is { } target) json.WriteNumber("target"u8, target);
        if (campaign.Reference is { } reference) json.WriteNumber("reference"u8, reference);
        json.WriteNumber("bidFloorNanos"u8, campaign.BidFloorNanos);
        json.WriteNumber("bidCapNanos"u8, campaign.BidCapNanos);
        WriteSchedule(json, campaign.Schedule);
        if (campaign.FlightBudgetNanos is { } flight) json.WriteNumber("flightBudgetNanos"u8, flight);
        EventWriter.WriteText(json, "account"u8, campaign.Account);
        if (campaign.AccountBudgetNanos is { } account) json.WriteNumber("accountBudgetNanos"u8, account);
        EventWriter.WriteText(json, "policy"u8, campaign.Policy);
        json.WriteString("mode"u8, campaign.Mode.ToString());
        json.WriteString("reservation"u8, campaign.Reservation.ToString());
        json.WriteNumber("minMultiplier"u8, campaign.MinMultiplier);
        json.WriteNumber("maxMultiplier"u8, campaign.MaxMultiplier);
        json.WriteNumber("accountConstant"u8, campaign.AccountConstant);
        json.WriteString("status"u8, campaign.Status.ToString());
        EventWriter.WriteText(json, "parent"u8, campaign.Parent);
    }

    private static void WriteSchedule(Utf8JsonWriter json, Schedule schedule)
    {
        json.WriteStartObject("schedule"u8);
        json.WriteString("timeZone"u8, schedule.TimeZone);
        if (schedule.FlightStart is { } start) EventWriter.WriteTime(json, "flightStart"u8, start.Ticks);
        if (schedule.FlightEnd is { } end) EventWriter.WriteTime(json, "flightEnd"u8, end.Ticks);
        json.WriteStartArray("hours"u8);
        foreach (int hour in schedule.Hours) json.WriteNumberValue(hour);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
