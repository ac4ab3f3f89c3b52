using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>Which day an exchange plays against a service.</summary>
internal sealed record ExchangeOptions
{
    public required MarketOptions Market { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Midnight UTC at which the day starts.</summary>
    public DateTime DayStart { get; init; } = new(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The service's control tick; a divisor of a step (30 minutes).</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Steps to play, 1 to 48.</summary>
    public int Steps { get; init; } = 48;

    /// <summary>Conversion source; part of the identity of conversion events.</summary>
    public string Source { get; init; } = "demo";
}
