using System.Text.Json;
using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Sqlite;

/// <summary>API keys in SQLite. The secret itself is never stored, only its SHA-256.</summary>
public sealed class SqliteApiKeyStore : IApiKeyStore
{
    private const string Columns = "SELECT prefix, secret_hash, tenant, scopes, tenants, created_at FROM api_key";

    private const string InsertSql =
        "INSERT INTO api_key (prefix, secret_hash, tenant, scopes, tenants, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (prefix) DO NOTHING";

    private readonly SqliteDatabase _database;

    /// <param name="database">Shared; stays open.</param>
    public SqliteApiKeyStore(SqliteDatabase database) => _database = database;

    /// <inheritdoc />
    /// <remarks>Throws <see cref="ArgumentException"/> for a hash that is not 32 bytes and <see cref="InvalidOperationException"/> for a prefix that exists.</remarks>
    public async ValueTask AddAsync(ApiKeyRow key, CancellationToken cancellation)
    {
        if (key.SecretHash.Length != 32) throw new ArgumentException("A secret hash has 32 bytes.", nameof(key));
        int added = await _database.WriteAsync(
            session => session.Statement(InsertSql)
                .Bind(1, key.Prefix).Bind(2, key.SecretHash).Bind(3, key.TenantId).Bind(4, JsonSerializer.Serialize(key.Scopes))
                .Bind(5, JsonSerializer.Serialize(key.Tenants)).Bind(6, key.CreatedAt.ToUniversalTime().Ticks).Run(),
            cancellation);
        if (added == 0) throw new InvalidOperationException($"A key with prefix '{key.Prefix}' exists.");
    }

    /// <inheritdoc />
    public ValueTask<ApiKeyRow?> FindAsync(string prefix, CancellationToken cancellation)
        => _database.ReadAsync(session => ReadAll(session.Statement(Columns + " WHERE prefix = ?1").Bind(1, prefix)).SingleOrDefault(), cancellation);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<ApiKeyRow>> ListAsync(CancellationToken cancellation)
        => _database.ReadAsync<IReadOnlyList<ApiKeyRow>>(session => ReadAll(session.Statement(Columns + " ORDER BY prefix")), cancellation);

    /// <inheritdoc />
    public async ValueTask<bool> RevokeAsync(string prefix, CancellationToken cancellation)
        => await _database.WriteAsync(session => session.Statement("DELETE FROM api_key WHERE prefix = ?1").Bind(1, prefix).Run(), cancellation) > 0;

    private static List<ApiKeyRow> ReadAll(SqliteStatement row)
    {
        var keys = new List<ApiKeyRow>();
        while (row.Step())
        {
            keys.Add(new ApiKeyRow(
                row.Text(0), row.Blob(1), row.Text(2), ReadNames(row.Text(3)), ReadNames(row.Text(4)), new DateTime(row.Long(5), DateTimeKind.Utc)));
        }

        return keys;
    }

    private static string[] ReadNames(string json) => JsonSerializer.Deserialize<string[]>(json)!;
}
