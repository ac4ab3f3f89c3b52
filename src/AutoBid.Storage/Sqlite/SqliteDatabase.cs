using System.Collections.Concurrent;
using AutoBid.Engine.Ports;
using Microsoft.Data.Sqlite;

namespace AutoBid.Storage.Sqlite;

/// <summary>
/// One SQLite file with AutoBid's schema: one writer connection whose transactions follow each other, and a pool of readers that never wait for it (WAL).
/// A write is on the disk when its task completes (synchronous=FULL): a grant that is spent, or a bill that is acknowledged, survives a power cut.
/// Shared by the stores built on it; whoever opened it disposes it, after them.
/// </summary>
public sealed class SqliteDatabase : IAsyncDisposable
{
    // The WAL may reach 8,192 pages (32 MB) before a commit moves it into the file: with the default of 1,000 pages every snapshot would.
    // The page cache holds the largest commit, so that no page is written before its transaction ends.
    private const string WriterPragmas =
        "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
        + "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8192;";

    private const string ReaderPragmas = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;";

    // Null after an error that may have left the connection in a state of its own; the next write opens another one.
    private SqliteSession? _writer;
    private readonly SemaphoreSlim _writeGate = new(1, 1);
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private volatile bool _closed;

    private SqliteDatabase(string path, SqliteSession writer)
    {
        Path = path;
        _writer = writer;
    }

    /// <summary>Full path of the file; SQLite keeps two more beside it while it is open, with the endings -wal and -shm.</summary>
    public string Path { get; }

    /// <summary>
    /// Opens <paramref name="path"/>, creating file and folder when missing, and brings its schema up to date.
    /// Throws <see cref="DatabaseOpenException"/> when the file cannot be opened, is no AutoBid database, or has a newer schema.
    /// </summary>
    public static ValueTask<SqliteDatabase> OpenAsync(string path, CancellationToken cancellation = default)
        => OpenAsync(path, SchemaMigrations.Embedded, cancellation);

    internal static async ValueTask<SqliteDatabase> OpenAsync(string path, SchemaMigrations migrations, CancellationToken cancellation)
    {
        string full = System.IO.Path.GetFullPath(path);
        SqliteSession writer = await Task.Run(() => OpenWriter(full, migrations), cancellation);
        return new SqliteDatabase(full, writer);
    }

    public async ValueTask DisposeAsync()
    {
        if (_closed) return;
        await _writeGate.WaitAsync();
        try
        {
            if (_closed) return;
            _closed = true;
            DropReaders();

            // The last connection to close moves the WAL into the file and removes it.
            _writer?.Dispose();
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> as one durable transaction after the ones before it. Once begun it is not cancelled.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be written now; the next call tries anew.</exception>
    internal async ValueTask<T> WriteAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellation)
    {
        await _writeGate.WaitAsync(cancellation);
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);

            // Off the caller's thread: a transaction ends with a disk flush.
            return await Task.Run(() => Write(work), CancellationToken.None);
        }
        finally
        {
            _writeGate.Release();
        }
    }

    /// <summary>Runs <paramref name="work"/> on one consistent view; it sees every write that completed before.</summary>
    /// <exception cref="StoreUnavailableException">The file cannot be read now; the next call tries anew.</exception>
    internal async ValueTask<T> ReadAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        return await Task.Run(() => Read(work), cancellation);
    }

    private T Write<T>(Func<SqliteSession, T> work)
    {
        try
        {
            _writer ??= new SqliteSession(Path, SqliteOpenMode.ReadWrite, WriterPragmas);
            return _writer.Write(work);
        }
        catch (SqliteException error) when (SqliteErrors.IsUnavailable(error))
        {
            // A full or busy database rolls back and goes on; after the other errors the connection itself is not trusted.
            if (!SqliteErrors.LeavesConnectionUsable(error))
            {
                _writer?.Dispose();
                _writer = null;
            }

            throw SqliteErrors.Unavailable(Path, error);
        }
    }

    private T Read<T>(Func<SqliteSession, T> work)
    {
        SqliteSession? reader = null;
        T result;
        try
        {
            if (!_readers.TryTake(out reader)) reader = new SqliteSession(Path, SqliteOpenMode.ReadOnly, ReaderPragmas);
            result = reader.Read(work);
        }
        catch (Exception error)
        {
            reader?.Dispose();
            if (error is SqliteException sqlite && SqliteErrors.IsUnavailableToReaders(sqlite)) throw SqliteErrors.Unavailable(Path, sqlite);
            throw;
        }

        _readers.Add(reader);
        if (_closed) DropReaders();
        return result;
    }

    private void DropReaders()
    {
        while (_readers.TryTake(out SqliteSession? reader)) reader.Dispose();
    }

    private static SqliteSession OpenWriter(string path, SchemaMigrations migrations)
    {
        SqliteSession? writer = null;
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            writer = new SqliteSession(path, SqliteOpenMode.ReadWriteCreate, WriterPragmas);
            migrations.Apply(writer, path);
            return writer;
        }
        catch (Exception error)
        {
            writer?.Dispose();
            if (error is SqliteException or IOException or UnauthorizedAccessException)
                throw new DatabaseOpenException($"Cannot open the database '{path}': {error.Message}", error);
            throw;
        }
    }
}
