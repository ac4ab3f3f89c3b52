using System.Globalization;
using System.Reflection;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>The numbered scripts that bring a database to the schema this program works with; each applies in one transaction of its own, under a lock that all nodes share.</summary>
internal sealed class PostgresMigrations
{
    private const string ResourcePrefix = "postgres/";

    /// <summary>Any number will do, if only every node takes the same.</summary>
    private const string LockSql = "SELECT pg_advisory_xact_lock(4802371146091)";

    private const string TablesSql =
        "SELECT count(*), count(*) FILTER (WHERE table_name = 'schema_version') FROM information_schema.tables WHERE table_schema = current_schema()";

    private readonly (int Version, string Name, string Script)[] _scripts;

    public PostgresMigrations(IEnumerable<(int Version, string Name, string Script)> scripts)
    {
        _scripts = [.. scripts.OrderBy(script => script.Version)];
        for (int i = 0; i < _scripts.Length; i++)
        {
            if (_scripts[i].Version != i + 1)
                throw new InvalidOperationException($"Migration {i + 1} is missing: found '{_scripts[i].Name}'.");
        }
    }

    /// <summary>The scripts embedded in this assembly, named NNNN_what.sql.</summary>
    public static PostgresMigrations Embedded { get; } = new(ReadEmbedded());

    public int Latest => _scripts.Length;

    /// <summary>Applies what is missing. Throws <see cref="DatabaseOpenException"/> for a newer schema or a database of another program.</summary>
    public async Task ApplyAsync(NpgsqlConnection connection, string place, CancellationToken cancellation)
    {
        while (true)
        {
            await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
            await ExecuteAsync(connection, LockSql, cancellation);
            int version = await ReadVersionAsync(connection, place, cancellation);
            if (version > Latest)
            {
                throw new DatabaseOpenException(
                    $"The database at {place} has schema version {version}, this program knows versions up to {Latest}: it was written by a newer AutoBid. Use that one, or another database.");
            }

            if (version == Latest)
            {
                await transaction.CommitAsync(cancellation);
                return;
            }

            (int number, string name, string script) = _scripts[version];
            await ExecuteAsync(connection, script, cancellation);
            await using (var done = new NpgsqlCommand("INSERT INTO schema_version (version, name) VALUES ($1, $2)", connection))
            {
                done.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
                done.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
                await done.ExecuteNonQueryAsync(cancellation);
            }

            await transaction.CommitAsync(cancellation);
        }
    }

    private static async Task<int> ReadVersionAsync(NpgsqlConnection connection, string place, CancellationToken cancellation)
    {
        bool isNew;
        await using (var tables = new NpgsqlCommand(TablesSql, connection))
        await using (NpgsqlDataReader row = await tables.ExecuteReaderAsync(cancellation))
        {
            await row.ReadAsync(cancellation);
            isNew = row.GetInt64(1) == 0;
            if (isNew && row.GetInt64(0) > 0)
                throw new DatabaseOpenException($"The database at {place} is another program's: its schema has tables but no schema_version. Use an empty one.");
        }

        if (isNew)
        {
            await ExecuteAsync(connection, "CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL)", cancellation);
            return 0;
        }

        await using var latest = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM schema_version", connection);
        return (int)(await latest.ExecuteScalarAsync(cancellation))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string script, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(script, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static IEnumerable<(int Version, string Name, string Script)> ReadEmbedded()
    {
        Assembly assembly = typeof(PostgresMigrations).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith(ResourcePrefix, StringComparison.Ordinal)) continue;
            string name = Path.GetFileNameWithoutExtension(resource[ResourcePrefix.Length..]);
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            yield return (int.Parse(name.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), name, reader.ReadToEnd());
        }
    }
}
