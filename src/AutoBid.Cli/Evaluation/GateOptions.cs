using AutoBid.Simulator.Evaluation.Gate;

namespace AutoBid.Cli.Evaluation;

/// <summary>What <c>evaluate --gate</c> was asked for.</summary>
internal sealed record GateOptions
{
    /// <summary>name or name/version; without a version the newest.</summary>
    public required string Model { get; init; }

    /// <summary>The registry; its gates.json logs all attempts.</summary>
    public required string Models { get; init; }

    /// <summary>Null: the shipped one.</summary>
    public string? Prior { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary>Null: data/gate/name-version.</summary>
    public string? Folder { get; init; }

    /// <summary>File for the verdict and its figures; null: none.</summary>
    public string? Json { get; init; }

    /// <summary>No command sets it: every model goes through the same.</summary>
    public GateProtocol Protocol { get; init; } = GateProtocol.Standard;
}
