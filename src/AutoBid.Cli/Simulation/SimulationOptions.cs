using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Periods;

namespace AutoBid.Cli.Simulation;

/// <summary>Periods of the auctionnet preset to play in process.</summary>
internal sealed record SimulationOptions
{
    public ulong Seed { get; init; } = 1;

    public int Periods { get; init; } = 4;

    public AuctionPreset Preset { get; init; } = AuctionPreset.AuctionNet;

    /// <summary>Name or seat map of the line-up.</summary>
    public string LineUp { get; init; } = "mixed-0";

    public double BudgetFactor { get; init; } = 1;

    public PacingMode Mode { get; init; } = PacingMode.SpendFirst;

    /// <summary>Takes over <see cref="Seats"/>; null: the line-up plays as it is.</summary>
    public IBidPolicy? Policy { get; init; }

    public IReadOnlyList<int> Seats { get; init; } = [0, 6, 12, 18, 24, 30, 36, 42];

    public PopulationPrior? Prior { get; init; }

    /// <summary>Whether S* is computed: it takes longer than the auctions.</summary>
    public bool Oracle { get; init; } = true;

    /// <summary>Whether the two knapsack oracles are computed beside S*.</summary>
    public bool Bounds { get; init; }

    /// <summary>Auction log to write; null: none.</summary>
    public string? LogFile { get; init; }

    /// <summary>Results do not depend on them.</summary>
    public int Threads { get; init; } = 1;
}
