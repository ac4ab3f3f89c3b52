using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Nodes;

/// <summary>
/// The nodes that share the budgets, as their signs of life in the store tell. A node's sign says up to which instant its bid statistics are in the log, so
/// that a step is closed when all of them are. Owned by the loop's thread.
/// </summary>
public sealed class LiveNodes(ILedgerStore store, EngineOptions options)
{
    private IReadOnlyList<LiveNode> _nodes = [];

    /// <summary>Live nodes, this one included.</summary>
    public int Count => Math.Max(_nodes.Count, 1);

    /// <summary>Gives this node's sign and hears of the others.</summary>
    /// <param name="statsThroughTicks">Bids counted before this instant are in the log.</param>
    public async ValueTask BeatAsync(long nowTicks, long statsThroughTicks, CancellationToken cancellation)
        => _nodes = await store.HeartbeatAsync(options.Node, nowTicks, statsThroughTicks, options.NodeLife.Ticks, cancellation).ConfigureAwait(false);

    /// <summary>Whether every other node's statistics up to an instant are in the log.</summary>
    public bool HaveStatsThrough(long ticks)
    {
        foreach (LiveNode node in _nodes)
            if (node.Name != options.Node && node.StatsThroughTicks < ticks) return false;
        return true;
    }
}
