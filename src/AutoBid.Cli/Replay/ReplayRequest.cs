using AutoBid.Simulator.Replay;

namespace AutoBid.Cli.Replay;

/// <summary>What <c>autobid replay</c> was asked to do.</summary>
internal sealed record ReplayRequest
{
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Null: the files are auction logs (auction.md, Log schema).</summary>
    public BidLogOptions? BidLog { get; init; }

    public required ReplayOptions Options { get; init; }
}
