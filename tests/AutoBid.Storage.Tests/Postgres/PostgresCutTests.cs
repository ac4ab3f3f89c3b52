using System.Net;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>Connections that break at any point of a commit: the caller repeats it, and it counts once.</summary>
public sealed class PostgresCutTests(PostgresFixture postgres)
{
    private const int Day = 20260801;

    [Fact]
    public async Task Wherever_the_connection_breaks_a_repeated_commit_counts_once()
    {
        string schema = await postgres.TakeSchemaAsync();
        var options = new NpgsqlConnectionStringBuilder(schema);
        await using var proxy = new CuttingProxy(new IPEndPoint(IPAddress.Parse(options.Host!), options.Port));
        (options.Host, options.Port) = ("127.0.0.1", proxy.Port);
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync(options.ToString());
        await using var store = new PostgresLedgerStore(database, eventTime: true);
        int run = 0, failures = 0;
        Gen<Cut[][]> cuts = Gen.Elements(Cut.None, Cut.Request, Cut.Answer, Cut.Answer).ArrayOf(3).ArrayOf(8);
        Prop.ForAll(cuts.ToArbitrary(), plan => failures += PlayAsync(store, plan, $"t{++run}", cut => proxy.Next = cut).GetAwaiter().GetResult())
            .Check(Checks.Config.WithMaxTest(12));
        Assert.True(failures > 30, $"only {failures} calls failed");
        postgres.Return(schema);
    }

    [Fact]
    public async Task Backends_that_are_terminated_at_any_moment_lose_and_double_nothing()
    {
        string schema = await postgres.TakeSchemaAsync();
        string name = $"cut{Guid.NewGuid():N}";
        await using PostgresDatabase database = await PostgresDatabase.OpenAsync($"{schema};Application Name={name}");
        await using var store = new PostgresLedgerStore(database, eventTime: true);
        using var stop = new CancellationTokenSource();
        Task<int> terminator = Task.Run(async () =>
        {
            await using NpgsqlDataSource source = NpgsqlDataSource.Create(schema);
            // Between two blows the node must get somewhere: connect, and a part of a commit or several.
            await using NpgsqlCommand kill = source.CreateCommand(
                $"WITH pause AS MATERIALIZED (SELECT pg_sleep(0.06 * random())) SELECT count(pg_terminate_backend(a.pid)) FROM pause, pg_stat_activity a WHERE a.application_name = '{name}'");
            int killed = 0;
            while (!stop.IsCancellationRequested) killed += (int)(long)(await kill.ExecuteScalarAsync())!;
            return killed;
        });
        int failures = 0;
        for (int run = 0; run < 4; run++) failures += await PlayAsync(store, [.. Enumerable.Repeat(new Cut[1], 10)], $"t{run}", static _ => { });
        await stop.CancelAsync();
        Assert.True(await terminator > 0);
        Assert.True(failures > 0);
        postgres.Return(schema);
    }

    /// <summary>One node's commits in a tenant of their own; returns how many calls failed on the way.</summary>
    private static async Task<int> PlayAsync(PostgresLedgerStore store, Cut[][] plan, string tenant, Action<Cut> next)
    {
        int failures = 0;
        PartitionEpoch held = default;
        LeaseGrant lease = default;
        await RepeatAsync([], async () => held = (await store.ClaimAsync("n1", [0], 1, default)) is [var claim] ? new PartitionEpoch(0, claim.Epoch) : default);
        await RepeatAsync([], async () => await store.SetBudgetsAsync([new BudgetSetting(tenant, "c1", 0, Day, 1_000_000, null, "brand", 1_000_000)], [held], default));
        // Repeated, a grant may grant twice: what was granted in all the last answer says.
        await RepeatAsync([], async () => lease = (await store.GrantAsync([new LeaseRequest(tenant, "c1", Day, "n1", 5_000, 0, 10)], default))[0]);

        long settled = 0, left = lease.TotalGrantedNanos;
        var listed = new List<Adjustment>();
        for (int i = 0; i < plan.Length; i++)
        {
            var commit = new LedgerCommit { Sequence = i + 1, Offsets = [new PartitionOffset("spend", 0, i + 1)] };
            commit.Epochs.Add(held);
            commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 10));
            commit.OutsideBills.Add(new OutsideBill(lease.LeaseId, new Adjustment(tenant, "c1", Day, 900, "", new EventIdentity((ulong)i, 1), i)));
            commit.Adjustments.Add(new Adjustment(tenant, "c1", Day, 3, "foreign-bid", new EventIdentity((ulong)i, 2), i));
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, i / 4, [(byte)i]));
            IReadOnlyList<Adjustment> answer = [];
            // The lease must keep enough for what settles surely; bills take the rest.
            if (left < 10) commit.Settlements.Clear();
            left -= commit.Settlements.Count * 10;
            settled += commit.Settlements.Count * 10;
            long rest = 900 - Math.Min(left, 900);
            left -= 900 - rest;
            settled += 903;
            await RepeatAsync(plan[i], async () => answer = (await store.CommitAsync(commit, default)).Adjustments);
            Assert.Equal(rest, answer.Sum(one => one.AmountNanos));
            listed.AddRange([.. answer, .. commit.Adjustments]);
        }

        IReadOnlyList<BudgetRow> rows = [];
        IReadOnlyList<Adjustment> stored = [];
        LedgerSnapshot? snapshot = null;
        await RepeatAsync([], async () => rows = await store.BudgetsAsync(tenant, "c1", default));
        await RepeatAsync([], async () => stored = await store.AdjustmentsAsync(tenant, "c1", default));
        await RepeatAsync([], async () => snapshot = await store.LoadAsync([0], default));
        Assert.All(rows, row => Assert.Equal((settled, left), (row.SettledNanos, row.OutstandingNanos)));
        Assert.Equal(2, rows.Count);
        Assert.Equal(listed, stored);
        Assert.Equal(plan.Length, Assert.Single(snapshot!.Offsets).NextOffset);
        Assert.Equal(0, snapshot.Seen.Count % plan.Length);
        return failures;

        async Task RepeatAsync(IEnumerable<Cut> cuts, Func<Task> call)
        {
            using IEnumerator<Cut> cut = cuts.GetEnumerator();
            while (true)
            {
                next(cut.MoveNext() ? cut.Current : Cut.None);
                try
                {
                    await call();
                    return;
                }
                catch (StoreUnavailableException)
                {
                    failures++;
                }
            }
        }
    }
}
