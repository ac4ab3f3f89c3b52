using System.Diagnostics;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Sqlite;

namespace AutoBid.Storage.Tests.Sqlite;

/// <summary>Prints what the ledger's two hot transactions take; run by name with -explicit on. Times depend on the machine, so nothing is asserted about them.</summary>
public sealed class StorageTimings
{
    private const int Campaigns = 1_000;
    private const int Day = 20260801;

    [Theory(Explicit = true)]
    [InlineData(2_000)]
    [InlineData(10_000)]
    public async Task Commit_and_grant(int blobBytes)
    {
        using var folder = new TempFolder();
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(folder["a.db"]);
        await using var store = new SqliteLedgerStore(database);
        await store.ClaimAsync("n1", [0], 1, default);
        PartitionEpoch[] held = [new(0, 1)];
        await store.SetBudgetsAsync(
            [.. Enumerable.Range(0, Campaigns).Select(i => new BudgetSetting("t", $"c{i}", 0, Day, 1L << 50, 1L << 52, $"account{i % 50}", 1L << 55))], held, default);
        LeaseRequest[] requests = [.. Enumerable.Range(0, Campaigns).Select(i => new LeaseRequest("t", $"c{i}", Day, "n1", 1_000_000, 0, 1))];
        var grants = new List<double>();
        var commits = new List<double>();
        for (int round = 0; round < 40; round++)
        {
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<LeaseGrant> leases = await store.GrantAsync(requests, default);
            grants.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);

            var commit = new LedgerCommit { Offsets = [new PartitionOffset("autobid.spend", 0, round)] };
            foreach (LeaseGrant lease in leases)
            {
                commit.Settlements.Add(new LeaseSettlement(lease.LeaseId, 900_000));
                byte[] blob = new byte[blobBytes];
                Array.Fill(blob, (byte)round);
                commit.States.Add(new CampaignState("t", lease.CampaignId, 0, Day, blob));
            }

            commit.Epochs.AddRange(held);
            commit.Sequence = round + 1;
            commit.Seen.Add(new SeenBlock(0, SeenKind.Ids, round / 10, new byte[24 * 10_000]));

            start = Stopwatch.GetTimestamp();
            await store.CommitAsync(commit, default);
            commits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Report($"grant of {Campaigns} leases, 3 scopes", grants);
        Report($"commit of {Campaigns} settlements + {Campaigns} states of {blobBytes} B + 10,000 ids", commits);
    }

    private static void Report(string what, List<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Skip(3).Order()];
        TestContext.Current.SendDiagnosticMessage($"{what}: median {sorted[sorted.Length / 2]:F1} ms, worst {sorted[^1]:F1} ms");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: median {sorted[sorted.Length / 2]:F1} ms, worst {sorted[^1]:F1} ms");
    }
}
