using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using AutoBid.Core.Campaigns;

namespace AutoBid.Storage.Campaigns;

/// <summary>
/// The stored form of a campaign: JSON with money as int64 nanos and every other number exact. Written by hand, because the source generator
/// forgets the defaults of properties that an older document does not have. Unknown properties are ignored; missing ones take the record's default.
/// </summary>
internal static class CampaignJson
{
    public static string Write(Campaign campaign)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("id", campaign.Id);
            writer.WriteString("tenant", campaign.TenantId);
            writer.WriteNumber("version", campaign.Version);
            writer.WriteString("name", campaign.Name);
            writer.WriteString("objective", campaign.Objective.ToString());
            writer.WriteString("currency", campaign.Currency);
            writer.WriteNumber("dailyBudgetNanos", campaign.DailyBudgetNanos);
            WriteOptional(writer, "target", campaign.Target);
            WriteOptional(writer, "reference", campaign.Reference);
            writer.WriteNumber("bidFloorNanos", campaign.BidFloorNanos);
            writer.WriteNumber("bidCapNanos", campaign.BidCapNanos);
            WriteOptional(writer, "flightBudgetNanos", campaign.FlightBudgetNanos);
            WriteOptional(writer, "account", campaign.Account);
            WriteOptional(writer, "accountBudgetNanos", campaign.AccountBudgetNanos);
            WriteOptional(writer, "policy", campaign.Policy);
            writer.WriteString("mode", campaign.Mode.ToString());
            writer.WriteString("reservation", campaign.Reservation.ToString());
            writer.WriteNumber("minMultiplier", campaign.MinMultiplier);
            writer.WriteNumber("maxMultiplier", campaign.MaxMultiplier);
            writer.WriteNumber("accountConstant", campaign.AccountConstant);
            writer.WriteString("status", campaign.Status.ToString());
            WriteOptional(writer, "parent", campaign.Parent);
            WriteSchedule(writer, campaign.Schedule);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="Write"/> wrote. Throws <see cref="InvalidDataException"/> on anything else.</summary>
    public static Campaign Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or FormatException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"A stored campaign cannot be read: {error.Message}", error);
        }
    }

    private static Campaign Read(JsonElement root)
    {
        var campaign = new Campaign
        {
            Id = root.GetProperty("id").GetString()!,
            TenantId = root.GetProperty("tenant").GetString()!,
            Objective = Enum.Parse<Objective>(root.GetProperty("objective").GetString()!),
            DailyBudgetNanos = root.GetProperty("dailyBudgetNanos").GetInt64(),
        };
        foreach (JsonProperty property in root.EnumerateObject())
        {
            JsonElement value = property.Value;
            campaign = property.Name switch
            {
                "version" => campaign with { Version = value.GetInt64() },
                "name" => campaign with { Name = value.GetString()! },
                "currency" => campaign with { Currency = value.GetString()! },
                "target" => campaign with { Target = value.GetDecimal() },
                "reference" => campaign with { Reference = value.GetDecimal() },
                "bidFloorNanos" => campaign with { BidFloorNanos = value.GetInt64() },
                "bidCapNanos" => campaign with { BidCapNanos = value.GetInt64() },
                "flightBudgetNanos" => campaign with { FlightBudgetNanos = value.GetInt64() },
                "account" => campaign with { Account = value.GetString() },
                "accountBudgetNanos" => campaign with { AccountBudgetNanos = value.GetInt64() },
                "policy" => campaign with { Policy = value.GetString() },
                "mode" => campaign with { Mode = Enum.Parse<PacingMode>(value.GetString()!) },
                "reservation" => campaign with { Reservation = Enum.Parse<Reservation>(value.GetString()!) },
                "minMultiplier" => campaign with { MinMultiplier = value.GetDouble() },
                "maxMultiplier" => campaign with { MaxMultiplier = value.GetDouble() },
                "accountConstant" => campaign with { AccountConstant = value.GetDouble() },
                "status" => campaign with { Status = Enum.Parse<CampaignStatus>(value.GetString()!) },
                "parent" => campaign with { Parent = value.GetString() },
                "schedule" => campaign with { Schedule = ReadSchedule(value) },
                _ => campaign,
            };
        }

        return campaign;
    }

    private static void WriteSchedule(Utf8JsonWriter writer, Schedule schedule)
    {
        writer.WriteStartObject("schedule");
        writer.WriteString("timeZone", schedule.TimeZone);
        WriteOptional(writer, "flightStartTicks", schedule.FlightStart?.Ticks);
        WriteOptional(writer, "flightEndTicks", schedule.FlightEnd?.Ticks);
        writer.WriteStartArray("hours");
        foreach (int hour in schedule.Hours) writer.WriteNumberValue(hour);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static Schedule ReadSchedule(JsonElement element)
    {
        var schedule = new Schedule();
        foreach (JsonProperty property in element.EnumerateObject())
        {
            JsonElement value = property.Value;
            schedule = property.Name switch
            {
                "timeZone" => schedule with { TimeZone = value.GetString()! },
                "flightStartTicks" => schedule with { FlightStart = new DateTime(value.GetInt64(), DateTimeKind.Utc) },
                "flightEndTicks" => schedule with { FlightEnd = new DateTime(value.GetInt64(), DateTimeKind.Utc) },
                "hours" => schedule with { Hours = [.. value.EnumerateArray().Select(hour => hour.GetInt32())] },
                _ => schedule,
            };
        }

        return schedule;
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null) writer.WriteString(name, value);
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, long? value)
    {
        if (value is { } number) writer.WriteNumber(name, number);
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, decimal? value)
    {
        if (value is not { } number) return;

        // Without trailing zeros: 1.5 and 1.50 are one target and must have one content hash.
        writer.WritePropertyName(name);
        writer.WriteRawValue(number.ToString("0.############################", CultureInfo.InvariantCulture));
    }
}
