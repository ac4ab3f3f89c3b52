using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Engine.Tests.Model;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>One process of a node: its engine, whose loop turns when the script says, and the fuse at which it dies.</summary>
internal sealed class ModelNode : IAsyncDisposable
{
    private readonly Fuse _fuse = new();

    public ModelNode(InMemoryCluster cluster, InMemoryLedgerStore store, ManualTimeProvider time, string name, EngineOptions options, PolicyMetrics metrics)
    {
        Log = cluster.Join(name);
        Engine = new AutoBidEngine(
            options with { Node = name, SharesPartitions = true }, new EngineClocks(time, time, false), _fuse.Before<IEventLog>(Log), _fuse.Before<ILedgerStore>(store),
            Bench.Chain(metrics), Identities.Of);
    }

    public AutoBidEngine Engine { get; }

    public InMemoryCluster.Member Log { get; }

    public Fuse Fuse => _fuse;

    /// <summary>Partitions that it believes to own.</summary>
    public int[] Believes => [.. Log.Position.Select(at => at.Partition).Distinct().Order()];

    public Task StartAsync(IEnumerable<Campaign> campaigns) => Engine.StartAsync(campaigns.ToAsyncEnumerable(), default);

    public ValueTask DisposeAsync() => Engine.DisposeAsync();
}
