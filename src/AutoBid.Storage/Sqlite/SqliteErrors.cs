using AutoBid.Engine.Ports;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace AutoBid.Storage.Sqlite;

/// <summary>Which errors of SQLite mean that the file cannot be used now, rather than that a statement was wrong.</summary>
internal static class SqliteErrors
{
    public static bool IsUnavailable(SqliteException error)
        => error.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_IOERR or raw.SQLITE_FULL or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN;

    /// <summary>Of a connection that only reads: that a statement wanted to write is its own fault.</summary>
    public static bool IsUnavailableToReaders(SqliteException error) => IsUnavailable(error) && error.SqliteExtendedErrorCode != raw.SQLITE_READONLY;

    public static bool LeavesConnectionUsable(SqliteException error) => error.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_FULL;

    public static StoreUnavailableException Unavailable(string path, SqliteException error) => new($"The database '{path}' cannot be used now: {error.Message}", error);
}
