using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Campaigns;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>Campaign settings in PostgreSQL: a JSON document beside the columns that are searched; the outbox row is part of each change's transaction.</summary>
public sealed class PostgresCampaignStore : ICampaignStore
{
    private const int PageSize = 500;

    // The outbox row is written if the campaign was, in one statement: rows affected are those of the outbox.
    private const string InsertSql =
        "WITH made AS (INSERT INTO campaign (id, tenant, version, document) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING RETURNING document) "
        + "INSERT INTO outbox (document) SELECT document FROM made";

    private const string UpdateSql =
        "WITH made AS (UPDATE campaign SET version = $3, document = $4 WHERE id = $1 AND tenant = $2 AND version = $5 RETURNING document) "
        + "INSERT INTO outbox (document) SELECT document FROM made";

    private const string GetSql = "SELECT document FROM campaign WHERE id = $1 AND tenant = $2";
    private const string AnswerSql = "SELECT content_hash, document FROM idempotency WHERE tenant = $1 AND key = $2";
    private const string RememberSql = "INSERT INTO idempotency (tenant, key, content_hash, campaign, document) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    private const string ListSql = "SELECT document FROM campaign WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
    private const string AllSql = "SELECT document FROM campaign WHERE id > $1 ORDER BY id LIMIT $2";

    private readonly PostgresDatabase _database;

    /// <param name="database">Shared; stays open.</param>
    public PostgresCampaignStore(PostgresDatabase database) => _database = database;

    /// <inheritdoc />
    public async ValueTask<bool> CreateAsync(Campaign campaign, CancellationToken cancellation)
        => await _database.RunAsync(connection => InsertAsync(connection, campaign, CampaignJson.Write(campaign)), cancellation);

    /// <inheritdoc />
    /// <remarks>
    /// Null: the id exists and the key is new. The first answer is the campaign as created, whatever was changed since. All of the campaign counts as
    /// content, its id too: who makes up ids must make the same one for the same key.
    /// </remarks>
    public async ValueTask<(Campaign Stored, bool Created)?> CreateOnceAsync(Campaign campaign, string idempotencyKey, CancellationToken cancellation)
    {
        string document = CampaignJson.Write(campaign);
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(document));
        return await _database.RunAsync<(Campaign, bool)?>(
            async connection =>
            {
                // Twice at most: whoever came first with the key or the id has committed when an insert finds its row.
                for (int attempt = 0; ; attempt++)
                {
                    if (await AnswerAsync(connection, campaign.TenantId, idempotencyKey, hash) is { } first) return (first, false);
                    await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync();
                    bool isNew = await InsertAsync(connection, campaign, document);
                    if (isNew && await RememberAsync(connection, campaign, idempotencyKey, hash, document))
                    {
                        await transaction.CommitAsync();
                        return (campaign, true);
                    }

                    await transaction.RollbackAsync();
                    if (attempt > 0) return null;
                }
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>The version inside <paramref name="campaign"/> is ignored.</remarks>
    public async ValueTask<CampaignUpdate?> UpdateAsync(Campaign campaign, long expectedVersion, CancellationToken cancellation)
    {
        Campaign next = campaign with { Version = expectedVersion + 1 };
        string document = CampaignJson.Write(next);
        return await _database.RunAsync<CampaignUpdate?>(
            async connection =>
            {
                await using var call = new PostgresCall(UpdateSql, connection);
                if (await call.With(next.Id).With(next.TenantId).With(next.Version).With(document).With(expectedVersion).RunAsync() > 0) return new CampaignUpdate(true, next);
                return await GetAsync(connection, next.TenantId, next.Id) is { } stored ? new CampaignUpdate(false, stored) : null;
            },
            cancellation);
    }

    /// <inheritdoc />
    public ValueTask<Campaign?> GetAsync(string tenantId, string id, CancellationToken cancellation)
        => _database.RunAsync(connection => GetAsync(connection, tenantId, id), cancellation);

    /// <inheritdoc />
    /// <remarks>In ordinal order of ids, those after <paramref name="afterId"/>.</remarks>
    public async ValueTask<IReadOnlyList<Campaign>> ListAsync(string tenantId, string? afterId, int limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(ListSql, connection);
                return await call.With(tenantId).With(afterId ?? "").With(limit).ReadAsync(Read);
            },
            cancellation);
    }

    /// <inheritdoc />
    /// <remarks>Read in pages: a slow caller must not hold a connection. A campaign changed meanwhile comes in either form.</remarks>
    public async IAsyncEnumerable<Campaign> AllAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        string after = "";
        while (true)
        {
            string from = after;
            List<Campaign> page = await _database.RunAsync(
                async connection =>
                {
                    await using var call = new PostgresCall(AllSql, connection);
                    return await call.With(from).With(PageSize).ReadAsync(Read);
                },
                cancellation);
            foreach (Campaign campaign in page) yield return campaign;
            if (page.Count < PageSize) yield break;
            after = page[^1].Id;
        }
    }

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<OutboxRow>> OutboxAsync(int limit, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        return await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall("SELECT id, document FROM outbox ORDER BY id LIMIT $1", connection);
                return await call.With(limit).ReadAsync(row => new OutboxRow(row.GetInt64(0), CampaignJson.Read(row.GetString(1))));
            },
            cancellation);
    }

    /// <inheritdoc />
    public async ValueTask PublishedAsync(IReadOnlyList<long> outboxIds, CancellationToken cancellation)
    {
        if (outboxIds.Count == 0) return;
        await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall("DELETE FROM outbox WHERE id = ANY ($1)", connection);
                return await call.With([.. outboxIds]).RunAsync();
            },
            cancellation);
    }

    private static async Task<bool> InsertAsync(NpgsqlConnection connection, Campaign campaign, string document)
    {
        await using var call = new PostgresCall(InsertSql, connection);
        return await call.With(campaign.Id).With(campaign.TenantId).With(campaign.Version).With(document).RunAsync() > 0;
    }

    private static async Task<bool> RememberAsync(NpgsqlConnection connection, Campaign campaign, string key, byte[] hash, string document)
    {
        await using var call = new PostgresCall(RememberSql, connection);
        return await call.With(campaign.TenantId).With(key).With(hash).With(campaign.Id).With(document).RunAsync() > 0;
    }

    private static async Task<Campaign?> AnswerAsync(NpgsqlConnection connection, string tenant, string key, byte[] hash)
    {
        await using var call = new PostgresCall(AnswerSql, connection);
        List<(byte[] Hash, string Document)> rows = await call.With(tenant).With(key).ReadAsync(row => (row.GetFieldValue<byte[]>(0), row.GetString(1)));
        if (rows.Count == 0) return null;
        if (!rows[0].Hash.AsSpan().SequenceEqual(hash)) throw new IdempotencyMismatchException($"Idempotency-Key '{key}' was used before with other content.");
        return CampaignJson.Read(rows[0].Document);
    }

    private static async Task<Campaign?> GetAsync(NpgsqlConnection connection, string tenantId, string id)
    {
        await using var call = new PostgresCall(GetSql, connection);
        return (await call.With(id).With(tenantId).ReadAsync(Read)).SingleOrDefault();
    }

    private static Campaign Read(NpgsqlDataReader row) => CampaignJson.Read(row.GetString(0));
}
