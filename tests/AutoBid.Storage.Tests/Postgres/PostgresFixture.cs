using System.Collections.Concurrent;
using AutoBid.Storage.Tests.Postgres;
using AutoBid.Tests.Shared;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresFixture))]

namespace AutoBid.Storage.Tests.Postgres;

/// <summary>One server for the tests of this assembly, started by the first that needs it, and schemas on it that are emptied and used again.</summary>
public sealed class PostgresFixture : IAsyncDisposable
{
    private const string EmptySql =
        "DO $$ DECLARE names text; BEGIN "
        + "SELECT string_agg(quote_ident(tablename), ', ') INTO names FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_version'; "
        + "IF names IS NOT NULL THEN EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY'; END IF; END $$";

    private readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());
    private readonly ConcurrentBag<string> _schemas = [];

    /// <summary>Skips the test where there is no server to be had.</summary>
    public async Task<PostgresServer> ServerAsync()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        return await _server.Value;
    }

    /// <summary>Connection string of an empty schema; it may have AutoBid's tables already.</summary>
    public async Task<string> TakeSchemaAsync()
    {
        PostgresServer server = await ServerAsync();
        if (!_schemas.TryTake(out string? schema)) return await server.NewSchemaAsync();
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(schema + ";Pooling=false");
        await using NpgsqlCommand empty = source.CreateCommand(EmptySql);
        await empty.ExecuteNonQueryAsync();
        return schema;
    }

    /// <summary>Gives a schema back whose tables are AutoBid's.</summary>
    public void Return(string schema) => _schemas.Add(schema);

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated) await (await _server.Value).DisposeAsync();
    }
}
