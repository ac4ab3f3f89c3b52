using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Demo;

/// <summary>One day of the market preset with its eight campaigns.</summary>
internal sealed record MarketRunOptions
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Policy of every campaign; null: they name none and run under the default.</summary>
    public string? Policy { get; init; }

    /// <summary>Control tick of the service; divides a step of 30 minutes.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Steps to play, 1 to 48.</summary>
    public int Steps { get; init; } = 48;

    public int RequestsPerStep { get; init; } = 1_000;

    /// <summary>What the report says about the way of the events.</summary>
    public string Events { get; init; } = "embedded log";

    /// <summary>The day that these options describe.</summary>
    public MarketPlayOptions Play => new() { Market = new MarketOptions { RequestsPerStep = RequestsPerStep }, Seed = Seed, Tick = Tick, Steps = Steps };
}
