using System.Diagnostics;
using AutoBid.Chaos.Tests.Process;
using AutoBid.Storage.Postgres;
using AutoBid.Streaming.Tests;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>Several nodes on one broker and one database, an exchange that asks all of them, and a look at the ledger from outside.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TempFolder _folder = new();
    private readonly List<ChaosNode> _nodes = [];
    private readonly string _broker;
    private readonly string _database;
    private readonly string _prefix = $"t{Guid.NewGuid():N}-";

    private ChaosCluster(string broker, string database, int seed)
    {
        (_broker, _database) = (broker, database);
        Exchange = new ChaosExchange(ChaosService.Campaigns, seed);
    }

    public ChaosExchange Exchange { get; }

    public ChaosNode this[int node] => _nodes[node];

    /// <summary>Two nodes that share the campaigns, with load on both.</summary>
    public static async Task<ChaosCluster> StartAsync(ClusterGround ground, int seed)
    {
        await ground.StartAsync();
        var cluster = new ChaosCluster(ground.Broker.BootstrapServers, await ground.Postgres.NewSchemaAsync(), seed);
        await cluster.BeginAsync(() => cluster.JoinAsync(), () => cluster.JoinAsync());
        return cluster;
    }

    /// <summary>Nodes that run elsewhere than the test, such as in network namespaces.</summary>
    public static async Task<ChaosCluster> StartAsync(string broker, string database, int seed, params Func<ChaosCluster, Task<ChaosNode>>[] joins)
    {
        var cluster = new ChaosCluster(broker, database, seed);
        await cluster.BeginAsync([.. joins.Select(join => (Func<Task>)(() => join(cluster)))]);
        return cluster;
    }

    /// <summary>Starts one more node and sends it its share of the traffic.</summary>
    public async Task<ChaosNode> JoinAsync(IReadOnlyList<string>? through = null, Func<int, CancellationToken, ValueTask<Stream>>? connect = null)
    {
        string name = $"n{_nodes.Count}";
        string data = Directory.CreateDirectory(Path.Combine(_folder.Path, name)).FullName;
        // A notice may reach any node: they sign with one key.
        if (_nodes.Count > 0) File.Copy(Path.Combine(_nodes[0].Data, "notice.key"), Path.Combine(data, "notice.key"));
        var node = new ChaosNode(
            name, data, ["--kafka", _broker, "--topic-prefix", _prefix, "--postgres", _database, "--node", name], through ?? [], connect);
        _nodes.Add(node);
        await node.StartAsync();
        if (_nodes.Count == 1) await ChaosService.CreateCampaignsAsync(node.Http);
        Exchange.Open(node.Door);
        return node;
    }

    /// <summary>Starts a node that was killed again.</summary>
    public async Task RestartAsync(ChaosNode node)
    {
        await node.StartAsync();
        Exchange.Open(node.Door);
    }

    /// <summary>SIGKILL; the exchange finds nobody there and asks the others.</summary>
    public async Task KillAsync(ChaosNode node)
    {
        await node.Process.KillAsync();
        await node.Process.DisposeAsync();
        Exchange.Close(node.Door);
    }

    /// <summary>The node that keeps more campaigns than the other, and the other.</summary>
    public async Task<(ChaosNode Owner, ChaosNode Other)> OwnerAsync()
    {
        int first = (await _nodes[0].KeptAsync()).Length, second = (await _nodes[1].KeptAsync()).Length;
        return first >= second ? (_nodes[0], _nodes[1]) : (_nodes[1], _nodes[0]);
    }

    /// <summary>Waits until these nodes keep every campaign between them and at least one each, and decide for them.</summary>
    public async Task<TimeSpan> SharedAsync(params ChaosNode[] nodes)
    {
        long started = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(
            async () =>
            {
                var kept = new List<string>();
                foreach (ChaosNode node in nodes)
                {
                    string[] its = await node.KeptAsync();
                    if (its.Length == 0) return $"{node.Name} keeps nothing\n{string.Join('\n', node.Process.Lines.TakeLast(20))}";
                    kept.AddRange(its);
                }

                return kept.Count == ChaosService.Campaigns.Count && kept.Distinct().Count() == kept.Count ? null : $"kept are {string.Join(", ", kept)}";
            },
            Patience);
        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>Budgets and adjustments in the database against what was sent. Null: they hold.</summary>
    /// <param name="isAtRest">False: only what must hold at every instant.</param>
    public async Task<string?> LookAsync(bool isAtRest)
    {
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(_database);
        await using var store = new PostgresLedgerStore(database);
        return await LedgerAudit.LookAsync(store, Exchange.Ledger, isAtRest);
    }

    /// <summary>Lets the exchange come to rest and holds the ledger against everything that was sent: database, log and every owner's memory.</summary>
    /// <param name="nodes">Those that are alive.</param>
    public async Task<AuditReport> EndAsync(params ChaosNode[] nodes)
    {
        await Exchange.SettleAsync(Patience);
        await Eventually.HoldsAsync(() => LookAsync(isAtRest: true), Patience);
        await SharedAsync(nodes);
        return await ClusterAudit.EndAsync(_broker, _prefix, _database, nodes, Exchange.Ledger, Patience);
    }

    public async ValueTask DisposeAsync()
    {
        await Exchange.DisposeAsync();
        foreach (ChaosNode node in _nodes) await node.DisposeAsync();
        _folder.Dispose();
    }

    private async Task BeginAsync(params Func<Task>[] joins)
    {
        try
        {
            foreach (Func<Task> join in joins) await join();
            await SharedAsync([.. _nodes]);
            await Exchange.LoadAsync(60);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }
}
