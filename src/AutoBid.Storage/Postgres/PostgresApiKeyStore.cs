using AutoBid.Engine.Ports;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>API keys in PostgreSQL. The secret itself is never stored, only its SHA-256.</summary>
public sealed class PostgresApiKeyStore : IApiKeyStore
{
    private const string Columns = "SELECT prefix, secret_hash, tenant, scopes, tenants, created_at FROM api_key";

    private const string InsertSql =
        "INSERT INTO api_key (prefix, secret_hash, tenant, scopes, tenants, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (prefix) DO NOTHING";

    private readonly PostgresDatabase _database;

    /// <param name="database">Shared; stays open.</param>
    public PostgresApiKeyStore(PostgresDatabase database) => _database = database;

    /// <inheritdoc />
    /// <remarks>Throws <see cref="ArgumentException"/> for a hash that is not 32 bytes and <see cref="InvalidOperationException"/> for a prefix that exists.</remarks>
    public async ValueTask AddAsync(ApiKeyRow key, CancellationToken cancellation)
    {
        if (key.SecretHash.Length != 32) throw new ArgumentException("A secret hash has 32 bytes.", nameof(key));
        int added = await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(InsertSql, connection);
                return await call.With(key.Prefix).With(key.SecretHash).With(key.TenantId).With([.. key.Scopes]).With([.. key.Tenants])
                    .With(key.CreatedAt.ToUniversalTime().Ticks).RunAsync();
            },
            cancellation);
        if (added == 0) throw new InvalidOperationException($"A key with prefix '{key.Prefix}' exists.");
    }

    /// <inheritdoc />
    public async ValueTask<ApiKeyRow?> FindAsync(string prefix, CancellationToken cancellation)
        => (await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(Columns + " WHERE prefix = $1", connection);
                return await call.With(prefix).ReadAsync(Read);
            },
            cancellation)).SingleOrDefault();

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<ApiKeyRow>> ListAsync(CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall(Columns + " ORDER BY prefix", connection);
                return await call.ReadAsync(Read);
            },
            cancellation);

    /// <inheritdoc />
    public async ValueTask<bool> RevokeAsync(string prefix, CancellationToken cancellation)
        => await _database.RunAsync(
            async connection =>
            {
                await using var call = new PostgresCall("DELETE FROM api_key WHERE prefix = $1", connection);
                return await call.With(prefix).RunAsync();
            },
            cancellation) > 0;

    private static ApiKeyRow Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetFieldValue<byte[]>(1), row.GetString(2), row.GetFieldValue<string[]>(3), row.GetFieldValue<string[]>(4),
        new DateTime(row.GetInt64(5), DateTimeKind.Utc));
}
