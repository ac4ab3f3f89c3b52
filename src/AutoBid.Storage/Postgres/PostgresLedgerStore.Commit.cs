using AutoBid.Engine.Ports;
using Npgsql;

namespace AutoBid.Storage.Postgres;

public sealed partial class PostgresLedgerStore
{
    private static readonly string CommitSql =
        $"SELECT out_bill, out_day, out_nanos, out_cause FROM ledger_commit({string.Join(", ", Enumerable.Range(1, 37).Select(i => $"${i}"))})";

    /// <inheritdoc />
    /// <remarks>
    /// Throws <see cref="InvalidOperationException"/>, with nothing applied, for a settlement of a lease that is unknown, ended or has less left, for
    /// an adjustment that would take settled below 0, and for an unknown lease to close. Closing an ended lease changes nothing (a reclaim may have
    /// come first). An adjustment of a day without budgets creates its rows with budget 0. A state with an empty blob removes the stored one.
    /// </remarks>
    public ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        commit.Check();
        return _database.RunAsync(connection => CommitAsync(connection, commit), cancellation);
    }

    private static async Task<CommitResult> CommitAsync(NpgsqlConnection connection, LedgerCommit commit)
    {
        await using var call = new PostgresCall(CommitSql, connection);
        call.With([.. commit.Epochs.Select(held => held.Partition)]).With([.. commit.Epochs.Select(held => held.Epoch)]).With(commit.Sequence)
            .With([.. commit.Settlements.Select(one => one.LeaseId)]).With([.. commit.Settlements.Select(one => one.AmountNanos)])
            .With([.. commit.OutsideBills.Select(one => one.LeaseId)]);
        AddMoney(call, [.. commit.OutsideBills.Select(one => one.Bill)], withCauses: false);
        AddMoney(call, commit.Adjustments, withCauses: true);
        call.With([.. commit.ClosedLeases]);
        AddStates(call, commit.States);
        AddSeen(call, commit);
        AddOffsets(call, commit.Offsets);
        return new CommitResult(await call.ReadAsync(row => commit.OutsideBills[row.GetInt32(0) - 1].Bill with
        {
            Day = row.GetInt32(1),
            AmountNanos = row.GetInt64(2),
            Cause = row.GetString(3),
        }));
    }

    private static void AddMoney(PostgresCall call, IReadOnlyList<Adjustment> money, bool withCauses)
    {
        call.With([.. money.Select(one => one.TenantId)]).With([.. money.Select(one => one.CampaignId)]).With([.. money.Select(one => one.Day)])
            .With([.. money.Select(one => one.AmountNanos)]);
        if (withCauses) call.With([.. money.Select(one => one.Cause)]);
        call.With([.. money.Select(one => unchecked((long)one.Identity.High))]).With([.. money.Select(one => unchecked((long)one.Identity.Low))])
            .With([.. money.Select(one => one.TimeTicks)]);
    }

    private static void AddStates(PostgresCall call, List<CampaignState> given)
    {
        // One statement cannot write a row twice: of several states of one campaign day the last one counts.
        var last = new Dictionary<(string Tenant, string Campaign, int Day), CampaignState>(given.Count);
        foreach (CampaignState state in given) last[(state.TenantId, state.CampaignId, state.Day)] = state;
        CampaignState[] states = [.. last.Values];
        call.With([.. states.Select(one => one.TenantId)]).With([.. states.Select(one => one.CampaignId)]).With([.. states.Select(one => one.Day)])
            .With([.. states.Select(one => one.Partition)]).With([.. states.Select(one => one.Blob)]);
    }

    private static void AddSeen(PostgresCall call, LedgerCommit commit)
    {
        var replaced = new Dictionary<SeenKey, SeenBlock>();
        foreach (SeenBlock block in commit.SeenReplaced) replaced[new SeenKey(block.Partition, block.Kind, block.Key)] = block;
        SeenKey[] dropped = [.. commit.SeenDropped, .. replaced.Keys];
        SeenBlock[] added = [.. replaced.Values, .. commit.Seen];
        call.With([.. dropped.Select(one => one.Partition)]).With([.. dropped.Select(one => (short)one.Kind)]).With([.. dropped.Select(one => one.Key)])
            .With([.. added.Select(one => one.Partition)]).With([.. added.Select(one => (short)one.Kind)]).With([.. added.Select(one => one.Key)])
            .With([.. added.Select(one => one.Blob)]);
    }

    private static void AddOffsets(PostgresCall call, IReadOnlyList<PartitionOffset> given)
    {
        var last = new Dictionary<(string?, int), PartitionOffset>(given.Count);
        foreach (PartitionOffset offset in given) last[(offset.Topic, offset.Partition)] = offset;
        PartitionOffset[] offsets = [.. last.Values];
        call.With([.. offsets.Select(one => one.Topic)]).With([.. offsets.Select(one => one.Partition)]).With([.. offsets.Select(one => one.NextOffset)]);
    }
}
