using System.Globalization;
using AutoBid.Core.Time;

namespace AutoBid.Simulator.Market;

/// <summary>Which part of which market day an exchange plays, and how often the bidder's clock moves.</summary>
public sealed record MarketPlayOptions
{
    public required MarketOptions Market { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Midnight UTC at which the day starts.</summary>
    public DateTime DayStart { get; init; } = new(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>The bidder's control tick; a divisor of a step (30 minutes).</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Steps to play, 1 to 48.</summary>
    public int Steps { get; init; } = StepClock.StepsPerDay;

    /// <summary>Conversion source; part of the identity of conversion events.</summary>
    public string Source { get; init; } = "demo";

    /// <summary>Start of every auction id of the day.</summary>
    public string AuctionPrefix => DayStart.ToString("yyyyMMdd", CultureInfo.InvariantCulture) + "-";

    /// <summary>yyyymmdd.</summary>
    public int Day => DayStart.Year * 10_000 + DayStart.Month * 100 + DayStart.Day;

    /// <summary>Throws when a number cannot describe a play.</summary>
    public void Check()
    {
        Market.Check();
        if (Steps is < 1 or > StepClock.StepsPerDay) throw new ArgumentOutOfRangeException(nameof(Steps), Steps, "1 to 48 steps can be played.");
        if (Tick < TimeSpan.FromSeconds(1) || MarketDay.LengthTicks / StepClock.StepsPerDay % Tick.Ticks != 0)
            throw new ArgumentOutOfRangeException(nameof(Tick), Tick, "A tick must divide a step of 30 minutes.");
    }
}
