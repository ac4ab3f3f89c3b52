using AutoBid.Core.Campaigns;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Tests.Fakes;
using AutoBid.Engine.Tests.Model;
using AutoBid.Policies.Fallback;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>
/// Plays a script against three live nodes on one log and one store, on one clock that only the script moves and with loops that turn only when it says, so that
/// the same script is the same history. Whatever happens, the ledger at the end is that of a naive one.
/// </summary>
internal sealed partial class ClusterRun : IAsyncDisposable
{
    public const string Tenant = "t1";
    private const int Nodes = 3;
    private const int Partitions = 4;

    /// <summary>Turns until everything must have come to rest: a second each.</summary>
    private const int MostTurns = 400;

    private static readonly DateTimeOffset Start = new(2025, 10, 25, 8, 0, 7, TimeSpan.Zero);

    private readonly ManualTimeProvider _time = new(Start);
    private readonly InMemoryCluster _cluster = new(Partitions);
    private readonly InMemoryLedgerStore _store = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelNode[] _nodes = new ModelNode[Nodes];
    private readonly int[] _lives = new int[Nodes];
    private readonly List<ModelNode> _all = [];
    private readonly Campaign[] _settings;
    private readonly TimeSpan _hold;
    private readonly EngineOptions _options;
    private readonly NaiveLedger _naive = new(1, TimeSpan.TicksPerDay * 365);
    private readonly List<NaiveBid> _bids = [];
    private readonly List<Sent> _sent = [];
    private readonly List<(Sent Sent, int Delay)> _outbox = [];
    private readonly InMemoryCluster.Member _world;
    private int _serial;

    private ClusterRun(bool hasLongHolds)
    {
        _hold = hasLongHolds ? TimeSpan.FromHours(6) : TimeSpan.FromMinutes(5);
        // No lease is taken back while the process that bid under it lives: it would have been away from the store for longer than any script lasts.
        _options = new EngineOptions { Tick = TimeSpan.FromSeconds(30), LongestHold = TimeSpan.FromHours(12) };
        _world = _cluster.Join("world");
        Campaign one = Bench.Campaign("c0") with { Mode = PacingMode.SpendFirst, DailyBudgetNanos = 2_000_000, Account = "brand", AccountBudgetNanos = 3_000_000 };
        // One in each partition; two of different partitions share an account.
        _settings = [one, one with { Id = "c1" }, one with { Id = "c2", Account = null, AccountBudgetNanos = null }, one with { Id = "c3", Account = null, AccountBudgetNanos = null }];
    }

    public ClusterCounts Counts { get; } = new();

    private long Now => _time.GetUtcNow().UtcTicks;

    public static async Task<ClusterCounts> PlayAsync(ClusterScript script)
    {
        await using var run = new ClusterRun(script.HasLongHolds);
        for (int n = 0; n < Nodes; n++) await run.StartAsync(n);
        await run.RebalanceAsync(deal: 1, unheard: -1);
        for (int i = 0; i < 3; i++) await run.TurnAllAsync();
        foreach (ClusterCommand command in script.Commands)
        {
            await run.DoAsync(command);
            await run.CheckAsync();
        }

        await run.EndAsync();
        return run.Counts;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ModelNode node in _all) await node.DisposeAsync();
        _metrics.Dispose();
    }

    private async Task StartAsync(int n)
    {
        var node = new ModelNode(_cluster, _store, _time, $"n{n}/{++_lives[n]}", _options, _metrics);
        _nodes[n] = node;
        _all.Add(node);
        await node.StartAsync(_settings);
    }

    /// <summary>Does what a node does; when it dies over it, another process starts in its place and owns nothing.</summary>
    private async Task SurviveAsync(int n, Func<ModelNode, Task> work)
    {
        try
        {
            await work(_nodes[n]);
        }
        catch (SimulatedCrashException)
        {
            Counts.Crashes++;
            await StartAsync(n);
        }
    }

    private Task TurnAsync(int n) => SurviveAsync(n, async node =>
    {
        int before = node.Engine.OwnedPartitions.Count;
        await node.Engine.RoundAsync(default);
        if (before > 0 && node.Engine.OwnedPartitions.Count == 0) Counts.Fenced++;
    });

    private async Task TurnAllAsync()
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        for (int n = 0; n < Nodes; n++) await TurnAsync(n);
    }

    /// <summary>As the group does it: whoever is heard gives up all it has, then each is given its part.</summary>
    private async Task RebalanceAsync(int deal, int unheard)
    {
        int[] heard = [.. Enumerable.Range(0, Nodes).Where(n => n != unheard)];
        foreach (int n in heard) await SurviveAsync(n, node => node.Log.TakeAwayAsync(node.Believes));
        int[] partitions = [.. Enumerable.Range(0, Partitions)];
        new Random(deal).Shuffle(partitions);
        for (int i = 0; i < heard.Length; i++)
        {
            int[] its = [.. partitions.Where((_, at) => at % heard.Length == i)];
            if (its.Length > 0) await SurviveAsync(heard[i], node => node.Log.GiveAsync(its));
        }
    }

    /// <summary>Everything that was sent arrives, every fault is over, the group hears every node: what the ledger says then.</summary>
    private async Task EndAsync()
    {
        _cluster.LosesOutcomes = false;
        foreach (ModelNode node in _nodes)
        {
            node.Log.IsDown = false;
            node.Fuse.Arm(0, false);
            node.Fuse.ArmFault(0, false);
        }

        for (int i = 0; i < 5; i++) await DeliverAsync(order: i);
        int crashes;
        do
        {
            // The group hears of a process that died, and deals again.
            crashes = Counts.Crashes;
            await RebalanceAsync(deal: 5, unheard: -1);
        }
        while (Counts.Crashes != crashes);
        string? missing = "";
        for (int turn = 0; turn < MostTurns && missing is not null; turn++)
        {
            await TurnAllAsync();
            missing = await MissingAsync();
        }

        Assert.True(missing is null, missing);
        await CheckAsync();
        CheckAdjustments();
        foreach (ModelNode node in _all) Assert.All(node.Log.Rejected, one => Assert.Fail($"{one.Event.Kind} was refused: {one.Reason}"));

        // What they left is what the next owner begins with.
        foreach (ModelNode node in _nodes) await node.Log.TakeAwayAsync(node.Believes);
        await StartAsync(0);
        await _nodes[0].Log.GiveAsync([.. Enumerable.Range(0, Partitions)]);
        Assert.Null(await MissingAsync());
    }

    private async Task<string?> MissingAsync()
    {
        foreach (Campaign settings in _settings)
        {
            foreach (int day in _naive.Days(settings.Id))
            {
                long billed = _naive.Spent(settings.Id, day), settled = await SettledAsync(settings.Id, day);
                if (billed != settled) return $"{settings.Id} {day}: {billed} was billed, {settled} is settled";
            }

            ModelNode[] keepers = [.. _nodes.Where(node => node.Engine.Index.TryFind(settings.Id, out int index) && node.Engine.Keeps(index))];
            if (keepers.Length != 1) return $"{settings.Id} is kept by {keepers.Length} nodes";
            CampaignStatusView look = (await keepers[0].Engine.LookAsync(Tenant, settings.Id, default))!;
            if (look.Day == 0) return $"{settings.Id} has no day";
            if (look.SpentNanos != _naive.Spent(settings.Id, look.Day)) return $"{settings.Id} {look.Day}: {_naive.Spent(settings.Id, look.Day)} was billed, its owner says {look.SpentNanos}";
            (long count, long value) = _naive.Conversions(settings.Id, long.MaxValue);
            if ((count, value) != (look.Conversions, look.ConversionValueMicros)) return $"{settings.Id}: {count} conversions of {value}, its owner says {look.Conversions} of {look.ConversionValueMicros}";
        }

        return null;
    }

    private async Task<long> SettledAsync(string campaign, int day)
        => (await _store.BudgetsAsync(Tenant, campaign, default)).Where(row => row.Scope == Ports.BudgetScope.Day && row.Period == day).Sum(row => row.SettledNanos);
}
