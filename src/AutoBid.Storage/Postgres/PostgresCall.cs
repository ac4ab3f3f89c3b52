using System.Data;
using Npgsql;
using NpgsqlTypes;

namespace AutoBid.Storage.Postgres;

/// <summary>One statement with positional parameters of stated types: an empty array says nothing of its own.</summary>
internal sealed class PostgresCall(string sql, NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly NpgsqlCommand _command = new(sql, connection);

    public PostgresCall With(long value) => Add(NpgsqlDbType.Bigint, value);

    public PostgresCall With(int value) => Add(NpgsqlDbType.Integer, value);

    public PostgresCall With(bool value) => Add(NpgsqlDbType.Boolean, value);

    public PostgresCall With(string? value) => Add(NpgsqlDbType.Text, value);

    public PostgresCall With(byte[] value) => Add(NpgsqlDbType.Bytea, value);

    public PostgresCall With(long[] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Bigint, values);

    public PostgresCall With(long?[] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Bigint, values);

    public PostgresCall With(int[] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Integer, values);

    public PostgresCall With(short[] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Smallint, values);

    public PostgresCall With(string?[] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Text, values);

    public PostgresCall With(byte[][] values) => Add(NpgsqlDbType.Array | NpgsqlDbType.Bytea, values);

    /// <summary>Rows inserted, updated or deleted.</summary>
    public Task<int> RunAsync() => _command.ExecuteNonQueryAsync();

    public async Task<object?> ScalarAsync() => await _command.ExecuteScalarAsync();

    /// <summary>One item for each row.</summary>
    public async Task<List<T>> ReadAsync<T>(Func<NpgsqlDataReader, T> row)
    {
        var rows = new List<T>();
        await using NpgsqlDataReader reader = await _command.ExecuteReaderAsync(CommandBehavior.Default);
        while (await reader.ReadAsync()) rows.Add(row(reader));
        return rows;
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();

    private PostgresCall Add(NpgsqlDbType type, object? value)
    {
        _command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = type, Value = value ?? DBNull.Value });
        return this;
    }
}
