using System.Diagnostics;
using AutoBid.Engine.Events;
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
        await using var store = new SqliteLedgerStore(database, TimeSpan.FromTicks(1_000));
        await store.SetBudgetsAsync(
            [.. Enumerable.Range(0, Campaigns).Select(i => new BudgetSetting("t", $"c{i}", Day, 1L << 50, 1L << 52, $"account{i % 50}", 1L << 55))], default);
        LeaseRequest[] requests = [.. Enumerable.Range(0, Campaigns).Select(i => new LeaseRequest("t", $"c{i}", Day, "n1", 1_000_000, 1))];
        var grants = new List<double>();
        var commits = new List<double>();
        ulong identity = 0;
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
                commit.States.Add(new CampaignState("t", lease.CampaignId, Day, blob));
            }

            for (int i = 0; i < 10_000; i++)
            {
                identity++;
                commit.Seen.Add(new SeenEvent(new EventIdentity(identity * 0x9E3779B97F4A7C15, identity * 0xC2B2AE3D27D4EB4F), 100L * round + (i % 100)));
            }

            start = Stopwatch.GetTimestamp();
            await store.CommitAsync(commit, default);
            commits.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Report($"grant of {Campaigns} leases, 3 scopes", grants);
        Report($"commit of {Campaigns} settlements + {Campaigns} states of {blobBytes} B + 10,000 seen", commits);
    }

    private static void Report(string what, List<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Skip(3).Order()];
        TestContext.Current.SendDiagnosticMessage($"{what}: median {sorted[sorted.Length / 2]:F1} ms, worst {sorted[^1]:F1} ms");
        TestContext.Current.TestOutputHelper?.WriteLine($"{what}: median {sorted[sorted.Length / 2]:F1} ms, worst {sorted[^1]:F1} ms");
    }
}
