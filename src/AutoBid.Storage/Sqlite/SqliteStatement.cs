using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AutoBid.Storage.Sqlite;

/// <summary>
/// One prepared statement, kept for the life of its connection. It talks to SQLite's own interface, because a SqliteCommand looks every
/// parameter up by name and allocates a reader per execution, and a commit executes tens of thousands of statements.
/// A statement that returned a row must be read to its end or <see cref="Reset"/>, else it holds its read transaction open.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(sqlite3 database, string sql)
    {
        _database = database;
        int code = raw.sqlite3_prepare_v3(database, sql, (uint)raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        SqliteException.ThrowExceptionForRC(code, database);
    }

    /// <summary>Binds parameter <paramref name="index"/>, counted from 1; null binds NULL.</summary>
    public SqliteStatement Bind(int index, long? value)
    {
        Check(value is { } number ? raw.sqlite3_bind_int64(_statement, index, number) : raw.sqlite3_bind_null(_statement, index));
        return this;
    }

    public SqliteStatement Bind(int index, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_statement, index) : raw.sqlite3_bind_text(_statement, index, value));
        return this;
    }

    public SqliteStatement Bind(int index, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, index, value));
        return this;
    }

    /// <summary>Moves to the next row. False at the end; the statement is then ready for its next use.</summary>
    public bool Step()
    {
        int code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE)
        {
            Reset();
            return false;
        }

        // The text of the error belongs to the connection and reset does not clear it; throwing first would leave the statement open.
        _ = raw.sqlite3_reset(_statement);
        SqliteException.ThrowExceptionForRC(code, _database);
        return false;
    }

    /// <summary>Runs to the end, passing over rows.</summary>
    /// <returns>Rows inserted, updated or deleted.</returns>
    public int Run()
    {
        while (Step())
        {
        }

        return raw.sqlite3_changes(_database);
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Long(int column) => raw.sqlite3_column_int64(_statement, column);

    public long? LongOrNull(int column) => IsNull(column) ? null : Long(column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public byte[] Blob(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    /// <summary>Ends the execution and lets go of bound values, which may be large blobs.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(_statement);
        _ = raw.sqlite3_clear_bindings(_statement);
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code) => SqliteException.ThrowExceptionForRC(code, _database);
}
