using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>Owners of partitions and what belongs to a partition as a whole: offsets and dedupe blocks. All calls belong inside a transaction.</summary>
internal static class SqlitePartitions
{
    private const string LayoutSql = "INSERT INTO topic_layout (only, partitions) VALUES (1, ?1) ON CONFLICT (only) DO UPDATE SET only = only RETURNING partitions";
    private const string OwnerSql = "SELECT epoch, node, sequence FROM partition_owner WHERE partition = ?1";

    private const string ClaimSql =
        "INSERT INTO partition_owner (partition, epoch, node) VALUES (?1, 1, ?2) "
        + "ON CONFLICT (partition) DO UPDATE SET epoch = epoch + 1, node = excluded.node, sequence = 0";

    private const string SequenceSql = "UPDATE partition_owner SET sequence = ?2 WHERE partition = ?1";
    private const string DropSeenSql = "DELETE FROM seen_block WHERE partition = ?1 AND kind = ?2 AND key = ?3";
    private const string AddSeenSql = "INSERT INTO seen_block (partition, kind, key, blob) VALUES (?1, ?2, ?3, ?4)";

    private const string OffsetSql =
        "INSERT INTO partition_offset (topic, partition, next) VALUES (?1, ?2, ?3) ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next";

    public static List<PartitionClaim> Claim(SqliteSession session, string node, IReadOnlyList<int> partitions, int partitionCount)
    {
        SqliteStatement layout = session.Statement(LayoutSql).Bind(1, partitionCount);
        layout.Step();
        long stored = layout.Long(0);
        layout.Reset();
        if (stored != partitionCount)
            throw new InvalidOperationException($"The ledger was made for {stored} partitions; the event log has {partitionCount}.");
        var claims = new List<PartitionClaim>(partitions.Count);
        foreach (int partition in partitions)
        {
            (long epoch, string? before, _) = Owner(session, partition);
            session.Statement(ClaimSql).Bind(1, partition).Bind(2, node).Run();
            claims.Add(new PartitionClaim(partition, epoch + 1, epoch, before));
        }

        return claims;
    }

    /// <exception cref="FencedException">An epoch is not the current one.</exception>
    public static void CheckHeld(SqliteSession session, IReadOnlyList<PartitionEpoch> epochs)
    {
        foreach (PartitionEpoch held in epochs)
        {
            long stored = Owner(session, held.Partition).Epoch;
            if (stored == 0 || stored != held.Epoch) throw new FencedException(held.Partition, held.Epoch, stored);
        }
    }

    /// <summary>True when the commit was applied before; else its number is taken.</summary>
    public static bool IsRepeated(SqliteSession session, LedgerCommit commit)
    {
        if (commit.Sequence == 0 || commit.Epochs.Count == 0) return false;
        int repeated = 0;
        foreach (PartitionEpoch held in commit.Epochs)
        {
            long last = Owner(session, held.Partition).Sequence;
            if (last == commit.Sequence) repeated++;
            else if (last > commit.Sequence || repeated > 0) repeated = commit.Epochs.Count + 1;
        }

        if (repeated == commit.Epochs.Count) return true;
        if (repeated > 0) throw new InvalidOperationException($"Commit {commit.Sequence} comes after a later one, or with other partitions than before.");
        foreach (PartitionEpoch held in commit.Epochs) session.Statement(SequenceSql).Bind(1, held.Partition).Bind(2, commit.Sequence).Run();
        return false;
    }

    public static void WriteSeen(SqliteSession session, LedgerCommit commit)
    {
        foreach (SeenKey key in commit.SeenDropped) session.Statement(DropSeenSql).Bind(1, key.Partition).Bind(2, (long)key.Kind).Bind(3, key.Key).Run();
        foreach (SeenBlock block in commit.SeenReplaced)
        {
            session.Statement(DropSeenSql).Bind(1, block.Partition).Bind(2, (long)block.Kind).Bind(3, block.Key).Run();
            AddSeen(session, block);
        }

        foreach (SeenBlock block in commit.Seen) AddSeen(session, block);
    }

    public static void WriteOffsets(SqliteSession session, IReadOnlyList<PartitionOffset> offsets)
    {
        foreach (PartitionOffset offset in offsets)
            session.Statement(OffsetSql).Bind(1, offset.Topic).Bind(2, offset.Partition).Bind(3, offset.NextOffset).Run();
    }

    public static List<SeenBlock> ReadSeen(SqliteSession session, string partitions)
    {
        var blocks = new List<SeenBlock>();
        SqliteStatement row = session.Statement(
            "SELECT partition, kind, key, blob FROM seen_block WHERE partition IN (SELECT value FROM json_each(?1)) ORDER BY partition, kind, key, n").Bind(1, partitions);
        while (row.Step()) blocks.Add(new SeenBlock((int)row.Long(0), (SeenKind)row.Long(1), row.Long(2), row.Blob(3)));
        return blocks;
    }

    public static List<PartitionOffset> ReadOffsets(SqliteSession session, string partitions)
    {
        var offsets = new List<PartitionOffset>();
        SqliteStatement row = session.Statement(
            "SELECT topic, partition, next FROM partition_offset WHERE partition IN (SELECT value FROM json_each(?1)) ORDER BY topic, partition").Bind(1, partitions);
        while (row.Step()) offsets.Add(new PartitionOffset(row.Text(0), (int)row.Long(1), row.Long(2)));
        return offsets;
    }

    private static (long Epoch, string? Node, long Sequence) Owner(SqliteSession session, int partition)
    {
        SqliteStatement row = session.Statement(OwnerSql).Bind(1, partition);
        if (!row.Step()) return (0, null, 0);
        (long, string?, long) owner = (row.Long(0), row.Text(1), row.Long(2));
        row.Reset();
        return owner;
    }

    private static void AddSeen(SqliteSession session, in SeenBlock block)
        => session.Statement(AddSeenSql).Bind(1, block.Partition).Bind(2, (long)block.Kind).Bind(3, block.Key).Bind(4, block.Blob).Run();
}
