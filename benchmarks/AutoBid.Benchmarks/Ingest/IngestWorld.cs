using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Storage.Sqlite;
using AutoBid.Streaming.Json;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>One engine on a fresh SQLite file, started on a log that shows nothing yet.</summary>
internal sealed class IngestWorld : IAsyncDisposable
{
    private const string Node = "bench";
    private const long HoldNanos = 50_000_000;
    private const long Never = long.MaxValue / 4;

    private readonly PolicyMetrics _metrics = new();
    private readonly SqliteDatabase _database;
    private readonly int _campaigns;

    private IngestWorld(SqliteDatabase database, IEventLog log, int campaigns)
    {
        (_database, _campaigns) = (database, campaigns);
        Store = new TimedStore(new SqliteLedgerStore(database));
        Log = new TimedLog(log);
        var chain = new DecisionChain(new PolicyCatalog([new ConstantPolicy(), new PidPolicy(), new MpcPolicy()], null, TimeProvider.System), _metrics);
        // A tick reads up to the end of the log in one go; what is measured is the loop between ticks, with its commits.
        var clocks = new EngineClocks(TimeProvider.System, TimeProvider.System, Deterministic: false);
        Engine = new AutoBidEngine(new EngineOptions { Node = Node, Tick = TimeSpan.FromMinutes(30) }, clocks, Log, Store, chain, e => EventIdentities.Of(e));
    }

    public TimedStore Store { get; }

    public TimedLog Log { get; }

    public AutoBidEngine Engine { get; }

    public static async Task<IngestWorld> CreateAsync(string file, IEventLog log, int campaigns)
    {
        var world = new IngestWorld(await SqliteDatabase.OpenAsync(file), log, campaigns);
        await world.Engine.StartAsync(world.CampaignsAsync(), default);
        return world;
    }

    /// <summary>Open bids of every campaign, each with its hold, under the lease that the engine's first tick got.</summary>
    public async Task<OpenBids[]> BidAsync(int each, DateTimeOffset now)
    {
        int day = now.Year * 10_000 + now.Month * 100 + now.Day;
        long room = each * HoldNanos;
        IReadOnlyList<LeaseGrant> grants = await Store.GrantAsync(
            [.. Enumerable.Range(0, _campaigns).Select(c => new LeaseRequest(IngestEvents.Tenant, IngestEvents.IdOf(c), day, Node, room, now.UtcTicks, TimeSpan.TicksPerDay))], default);
        var bids = new OpenBids[_campaigns];
        for (int c = 0; c < _campaigns; c++)
        {
            if (grants[c].GrantedNanos < room) throw new InvalidOperationException("The benchmark's budget has no room for its bids.");
            Engine.Leases.Grant(c, grants[c].LeaseId, day, room, Never, 1);
            Engine.Leases.Tune(c, 0, each);
            long first = -1;
            for (int i = 0; i < each; i++)
            {
                if (!Engine.Leases.TryHold(c, HoldNanos, 0, Never, out HeldBid held)) throw new InvalidOperationException("The lease has no room for the bid.");
                if (first < 0) first = held.Seq;
            }

            bids[c] = new OpenBids(grants[c].LeaseId, first, each);
        }

        return bids;
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await _database.DisposeAsync();
        _metrics.Dispose();
    }

    private async IAsyncEnumerable<Campaign> CampaignsAsync()
    {
        await Task.CompletedTask;
        for (int c = 0; c < _campaigns; c++) yield return IngestEvents.CampaignOf(c);
    }
}
