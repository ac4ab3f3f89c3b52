namespace AutoBid.Cli.Demo;

/// <summary>Settings of <c>autobid demo</c>.</summary>
internal sealed record DemoOptions
{
    public MarketRunOptions Run { get; init; } = new();

    /// <summary>Null: the embedded log; <c>embedded</c>: a mock cluster in this process; else bootstrap servers.</summary>
    public string? Kafka { get; init; }

    /// <summary>Keep the service's data folder.</summary>
    public bool Keep { get; init; }

    /// <summary>How long the service may take to be ready; loading and checking models is part of it.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The program to start as the service.</summary>
    public IReadOnlyList<string> Program { get; init; } = ServiceProcess.Self;
}
