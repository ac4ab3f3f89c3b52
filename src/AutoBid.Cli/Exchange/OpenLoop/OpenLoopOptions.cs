using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>An exchange on the wall clock: how much it asks, for how long, and how its conversions travel.</summary>
internal sealed record OpenLoopOptions
{
    public MarketOptions Market { get; init; } = new();

    public ulong Seed { get; init; } = 1;

    /// <summary>Policy of the campaigns that are created; null: they name none and run under the service's default.</summary>
    public string? Policy { get; init; }

    /// <summary>Requests a second.</summary>
    public double Rate { get; init; } = 200;

    /// <summary>How long requests are due.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests due before it are played, but their latencies are not reported.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(1);

    public Arrivals Arrivals { get; init; } = Arrivals.Poisson;

    /// <summary>Most bid requests in flight.</summary>
    public int Connections { get; init; } = 64;

    /// <summary>A conversion follows its click after the market's delay divided by this; null: as if the run were a whole day.</summary>
    public double? Speed { get; init; }

    /// <summary>Use campaigns of the market that are there instead of creating them.</summary>
    public bool KeepCampaigns { get; init; }

    /// <summary>Kafka bootstrap servers that conversions are produced to; null: POST /v1/events.</summary>
    public string? Kafka { get; init; }

    /// <summary>Kafka: what the service puts before its topics.</summary>
    public string TopicPrefix { get; init; } = "";

    /// <summary>Name of the run, in auction and conversion ids: two runs against one service must differ.</summary>
    public required string Run { get; init; }

    public double EffectiveSpeed => Speed ?? TimeSpan.FromDays(1) / Length;
}
