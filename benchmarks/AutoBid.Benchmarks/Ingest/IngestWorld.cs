using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Storage.Sqlite;
using AutoBid.Streaming.Json;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>One engine on a fresh SQLite file, with a lease of a DSP on each campaign that the bills settle under.</summary>
internal sealed class IngestWorld : IAsyncDisposable
{
    private readonly PolicyMetrics _metrics = new();
    private readonly SqliteDatabase _database;

    private IngestWorld(SqliteDatabase database, TimedStore store, long[] leases) => (_database, Store, Leases) = (database, store, leases);

    public TimedStore Store { get; }

    /// <summary>The lease of each campaign.</summary>
    public long[] Leases { get; }

    public static async Task<IngestWorld> CreateAsync(string file, int campaigns, DateTimeOffset now)
    {
        SqliteDatabase database = await SqliteDatabase.OpenAsync(file);
        var store = new TimedStore(new SqliteLedgerStore(database));
        int day = now.Year * 10_000 + now.Month * 100 + now.Day;
        await store.SetBudgetsAsync(
            [.. Enumerable.Range(0, campaigns).Select(IngestEvents.CampaignOf).Select(c => new BudgetSetting(c.TenantId, c.Id, day, c.DailyBudgetNanos, null, null, null))], default);
        IReadOnlyList<LeaseGrant> grants = await store.GrantAsync(
            [.. Enumerable.Range(0, campaigns).Select(IngestEvents.CampaignOf).Select(c => new LeaseRequest(c.TenantId, c.Id, day, "dsp", c.DailyBudgetNanos / 2, now.AddHours(12).UtcTicks))],
            default);
        return new IngestWorld(database, store, [.. grants.Select(grant => grant.LeaseId)]);
    }

    public AutoBidEngine Engine(IEventLog log)
    {
        var chain = new DecisionChain(new PolicyCatalog([new ConstantPolicy(), new PidPolicy(), new MpcPolicy()], null, TimeProvider.System), _metrics);
        var clocks = new EngineClocks(TimeProvider.System, TimeProvider.System, Deterministic: false);
        return new AutoBidEngine(new EngineOptions { Node = "bench" }, clocks, log, Store, chain, e => EventIdentities.Of(e));
    }

    public async ValueTask DisposeAsync()
    {
        await _database.DisposeAsync();
        _metrics.Dispose();
    }
}
