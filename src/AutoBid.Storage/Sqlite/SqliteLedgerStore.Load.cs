using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

public sealed partial class SqliteLedgerStore
{
    private const string OpenLeasesSql =
        "SELECT l.lease_id, d.tenant, d.campaign, d.day, l.node, l.granted, l.settled, l.expires_at "
        + "FROM lease l JOIN campaign_day d ON d.campaign_day_id = l.campaign_day WHERE l.state = 0 ORDER BY l.lease_id";

    /// <inheritdoc />
    /// <remarks>
    /// States by tenant, campaign and day; an id that was committed with several expiries comes once, with the latest. Leases are those still open.
    /// All of it from one view of the database.
    /// </remarks>
    public ValueTask<LedgerSnapshot> LoadAsync(long seenSinceTicks, CancellationToken cancellation)
        => _database.ReadAsync(
            session => new LedgerSnapshot(LoadStates(session), LoadSeen(session, seenSinceTicks), LoadOffsets(session), LoadLeases(session)),
            cancellation);

    private static List<CampaignState> LoadStates(SqliteSession session)
    {
        var states = new List<CampaignState>();
        SqliteStatement row = session.Statement("SELECT tenant, campaign, day, blob FROM campaign_state ORDER BY tenant, campaign, day");
        while (row.Step()) states.Add(new CampaignState(row.Text(0), row.Text(1), (int)row.Long(2), row.Blob(3)));
        return states;
    }

    private static List<SeenEvent> LoadSeen(SqliteSession session, long sinceTicks)
    {
        var seen = new List<SeenEvent>();
        var known = new HashSet<EventIdentity>();
        SqliteStatement row = session.Statement("SELECT expires, high, low FROM seen WHERE expires > ?1 ORDER BY expires DESC").Bind(1, sinceTicks);
        while (row.Step())
        {
            var identity = new EventIdentity(unchecked((ulong)row.Long(1)), unchecked((ulong)row.Long(2)));
            if (known.Add(identity)) seen.Add(new SeenEvent(identity, row.Long(0)));
        }

        return seen;
    }

    private static List<PartitionOffset> LoadOffsets(SqliteSession session)
    {
        var offsets = new List<PartitionOffset>();
        SqliteStatement row = session.Statement("SELECT topic, partition, next FROM partition_offset ORDER BY topic, partition");
        while (row.Step()) offsets.Add(new PartitionOffset(row.Text(0), (int)row.Long(1), row.Long(2)));
        return offsets;
    }

    private static List<OpenLease> LoadLeases(SqliteSession session)
    {
        var leases = new List<OpenLease>();
        SqliteStatement row = session.Statement(OpenLeasesSql);
        while (row.Step())
        {
            leases.Add(new OpenLease(
                row.Long(0), row.Text(1), row.Text(2), (int)row.Long(3), row.Text(4), row.Long(5), row.Long(6), row.Long(7)));
        }

        return leases;
    }
}
