using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Campaigns;

namespace AutoBid.Storage.Sqlite;

/// <summary>Campaign settings in SQLite: a JSON document beside the columns that are searched; the outbox row is part of each change's transaction.</summary>
public sealed class SqliteCampaignStore : ICampaignStore
{
    private const int PageSize = 500;

    private const string InsertSql = "INSERT INTO campaign (id, tenant, version, document) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO NOTHING";
    private const string GetSql = "SELECT document FROM campaign WHERE id = ?1 AND tenant = ?2";
    private const string UpdateSql = "UPDATE campaign SET version = ?3, document = ?4 WHERE id = ?1 AND tenant = ?2 AND version = ?5";
    private const string OutboxSql = "INSERT INTO outbox (document) VALUES (?1)";
    private const string AnswerSql = "SELECT content_hash, document FROM idempotency WHERE tenant = ?1 AND key = ?2";
    private const string RememberSql = "INSERT INTO idempotency (tenant, key, content_hash, campaign, document) VALUES (?1, ?2, ?3, ?4, ?5)";
    private const string ListSql = "SELECT document FROM campaign WHERE tenant = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
    private const string AllSql = "SELECT document FROM campaign WHERE id > ?1 ORDER BY id LIMIT ?2";

    private readonly SqliteDatabase _database;

    /// <param name="database">Shared; stays open.</param>
    public SqliteCampaignStore(SqliteDatabase database) => _database = database;

    /// <inheritdoc />
    public ValueTask<bool> CreateAsync(Campaign campaign, CancellationToken cancellation)
    {
        string document = CampaignJson.Write(campaign);
        return _database.WriteAsync(session => Insert(session, campaign, document), cancellation);
    }

    /// <inheritdoc />
    /// <remarks>
    /// Null: the id exists and the key is new. The first answer is the campaign as created, whatever was changed since. All of the campaign counts as
    /// content, its id too: who makes up ids must make the same one for the same key.
    /// </remarks>
    public ValueTask<(Campaign Stored, bool Created)?> CreateOnceAsync(Campaign campaign, string idempotencyKey, CancellationToken cancellation)
    {
        string document = CampaignJson.Write(campaign);
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(document));
        return _database.WriteAsync<(Campaign, bool)?>(
            session =>
            {
                SqliteStatement answer = session.Statement(AnswerSql).Bind(1, campaign.TenantId).Bind(2, idempotencyKey);
                if (answer.Step())
                {
                    bool same = answer.Blob(0).AsSpan().SequenceEqual(hash);
                    string first = answer.Text(1);
                    answer.Reset();
                    if (!same) throw new IdempotencyMismatchException($"Idempotency-Key '{idempotencyKey}' was used before with other content.");
                    return (CampaignJson.Read(first), false);
                }

                if (!Insert(session, campaign, document)) return null;
                session.Statement(RememberSql)
                    .Bind(1, campaign.TenantId).Bind(2, idempotencyKey).Bind(3, hash).Bind(4, campaign.Id).Bind(5, document).Run();
                return (campaign, true);
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>The version inside <paramref name="campaign"/> is ignored.</remarks>
    public ValueTask<CampaignUpdate?> UpdateAsync(Campaign campaign, long expectedVersion, CancellationToken cancellation)
    {
        Campaign next = campaign with { Version = expectedVersion + 1 };
        string document = CampaignJson.Write(next);
        return _database.WriteAsync<CampaignUpdate?>(
            session =>
            {
                int updated = session.Statement(UpdateSql)
                    .Bind(1, next.Id).Bind(2, next.TenantId).Bind(3, next.Version).Bind(4, document).Bind(5, expectedVersion).Run();
                if (updated == 0) return Get(session, next.TenantId, next.Id) is { } stored ? new CampaignUpdate(false, stored) : null;
                session.Statement(OutboxSql).Bind(1, document).Run();
                return new CampaignUpdate(true, next);
            },
            cancellation);
    }

    /// <inheritdoc />
    public ValueTask<Campaign?> GetAsync(string tenantId, string id, CancellationToken cancellation)
        => _database.ReadAsync(session => Get(session, tenantId, id), cancellation);

    /// <inheritdoc />
    /// <remarks>In ordinal order of ids, those after <paramref name="afterId"/>.</remarks>
    public ValueTask<IReadOnlyList<Campaign>> ListAsync(string tenantId, string? afterId, int limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return _database.ReadAsync<IReadOnlyList<Campaign>>(
            session => ReadAll(session.Statement(ListSql).Bind(1, tenantId).Bind(2, afterId ?? "").Bind(3, limit)), cancellation);
    }

    /// <inheritdoc />
    /// <remarks>Read in pages: a slow caller must not hold the WAL back. A campaign changed meanwhile comes in either form.</remarks>
    public async IAsyncEnumerable<Campaign> AllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string after = "";
        while (true)
        {
            string from = after;
            List<Campaign> page = await _database.ReadAsync(session => ReadAll(session.Statement(AllSql).Bind(1, from).Bind(2, PageSize)), cancellation);
            foreach (Campaign campaign in page) yield return campaign;
            if (page.Count < PageSize) yield break;
            after = page[^1].Id;
        }
    }

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<OutboxRow>> OutboxAsync(int limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return _database.ReadAsync<IReadOnlyList<OutboxRow>>(
            session =>
            {
                var rows = new List<OutboxRow>();
                SqliteStatement row = session.Statement("SELECT id, document FROM outbox ORDER BY id LIMIT ?1").Bind(1, limit);
                while (row.Step()) rows.Add(new OutboxRow(row.Long(0), CampaignJson.Read(row.Text(1))));
                return rows;
            },
            cancellation);
    }

    /// <inheritdoc />
    public async ValueTask PublishedAsync(IReadOnlyList<long> outboxIds, CancellationToken cancellation)
    {
        if (outboxIds.Count == 0) return;
        await _database.WriteAsync(
            session =>
            {
                int removed = 0;
                foreach (long id in outboxIds) removed += session.Statement("DELETE FROM outbox WHERE id = ?1").Bind(1, id).Run();
                return removed;
            },
            cancellation);
    }

    private static bool Insert(SqliteSession session, Campaign campaign, string document)
    {
        if (session.Statement(InsertSql).Bind(1, campaign.Id).Bind(2, campaign.TenantId).Bind(3, campaign.Version).Bind(4, document).Run() == 0)
            return false;
        session.Statement(OutboxSql).Bind(1, document).Run();
        return true;
    }

    private static Campaign? Get(SqliteSession session, string tenantId, string id)
        => ReadAll(session.Statement(GetSql).Bind(1, id).Bind(2, tenantId)).SingleOrDefault();

    private static List<Campaign> ReadAll(SqliteStatement row)
    {
        var campaigns = new List<Campaign>();
        while (row.Step()) campaigns.Add(CampaignJson.Read(row.Text(0)));
        return campaigns;
    }
}
