using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AutoBid.Storage.Sqlite;

/// <summary>One open connection and its prepared statements. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    /// <summary>Opens and applies <paramref name="pragmas"/>; nothing stays open when either fails.</summary>
    public SqliteSession(string path, SqliteOpenMode mode, string pragmas)
    {
        // The provider's pool would hand out connections without our settings and statements.
        var options = new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false };
        _connection = new SqliteConnection(options.ToString());
        try
        {
            _connection.Open();
            Execute(pragmas);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    private sqlite3 Handle => _connection.Handle!;

    /// <summary>The statement for <paramref name="sql"/>, prepared at its first use on this connection.</summary>
    public SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out SqliteStatement? statement))
            _statements.Add(sql, statement = new SqliteStatement(Handle, sql));
        return statement;
    }

    /// <summary>Runs a script of statements without parameters.</summary>
    public void Execute(string script) => SqliteException.ThrowExceptionForRC(raw.sqlite3_exec(Handle, script), Handle);

    /// <summary>Runs <paramref name="work"/> as one write transaction: durable when this returns, without any effect when it throws.</summary>
    public T Write<T>(Func<SqliteSession, T> work) => Transact("BEGIN IMMEDIATE", work);

    /// <summary>Runs <paramref name="work"/> on one unchanging view of the database.</summary>
    public T Read<T>(Func<SqliteSession, T> work) => Transact("BEGIN", work);

    public void Dispose()
    {
        foreach (SqliteStatement statement in _statements.Values) statement.Dispose();
        _connection.Dispose();
    }

    private T Transact<T>(string begin, Func<SqliteSession, T> work)
    {
        Statement(begin).Run();
        try
        {
            T result = work(this);
            Statement("COMMIT").Run();
            return result;
        }
        catch
        {
            // A statement in the middle of its rows would keep the transaction's view alive past the rollback.
            foreach (SqliteStatement statement in _statements.Values) statement.Reset();

            // Errors such as a full disk make SQLite roll back by itself. What the caller must learn is the first error, not one of its rollback.
            if (raw.sqlite3_get_autocommit(Handle) == 0) _ = raw.sqlite3_exec(Handle, "ROLLBACK");
            throw;
        }
    }
}
