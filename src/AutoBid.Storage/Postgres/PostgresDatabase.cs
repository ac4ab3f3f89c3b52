using AutoBid.Engine.Ports;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>
/// One PostgreSQL database (15 or later) with AutoBid's schema, shared by any number of nodes. A call of a store is one statement, and so one transaction
/// and one round trip. Shared by the stores built on it; whoever opened it disposes it, after them.
/// </summary>
public sealed class PostgresDatabase : IAsyncDisposable
{
    private const int OldestServer = 15;

    /// <summary>Attempts of a transaction that others get in the way of.</summary>
    private const int Attempts = 8;

    /// <summary>Unless the connection string says otherwise: a node must learn within seconds that its database is gone.</summary>
    private const int ConnectSeconds = 5, CommandSeconds = 10, KeepAliveSeconds = 5;

    private readonly NpgsqlDataSource _source;

    private PostgresDatabase(NpgsqlDataSource source, string place)
    {
        _source = source;
        Place = place;
    }

    /// <summary>host:port/database, without secrets.</summary>
    public string Place { get; }

    /// <summary>
    /// Opens the database and brings its schema up to date; several nodes may do so at once.
    /// Throws <see cref="DatabaseOpenException"/> when it cannot be reached or used, is another program's, or has a newer schema.
    /// </summary>
    /// <param name="connectionString">As Npgsql reads it. The role must be allowed to create tables in the first schema of its search path.</param>
    public static ValueTask<PostgresDatabase> OpenAsync(string connectionString, CancellationToken cancellation = default)
        => OpenAsync(connectionString, PostgresMigrations.Embedded, cancellation);

    internal static async ValueTask<PostgresDatabase> OpenAsync(string connectionString, PostgresMigrations migrations, CancellationToken cancellation)
    {
        NpgsqlConnectionStringBuilder options = Options(connectionString);
        var database = new PostgresDatabase(NpgsqlDataSource.Create(options), $"{options.Host}:{options.Port}/{options.Database ?? options.Username}");
        try
        {
            await using (NpgsqlConnection connection = await database._source.OpenConnectionAsync(cancellation))
            {
                if (connection.PostgreSqlVersion.Major < OldestServer)
                    throw new DatabaseOpenException($"The database at {database.Place} is PostgreSQL {connection.PostgreSqlVersion}; {OldestServer} or later is needed.");
                await migrations.ApplyAsync(connection, database.Place, cancellation);
            }

            return database;
        }
        catch (Exception error)
        {
            await database.DisposeAsync();
            if (error is PostgresException or NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException)
                throw new DatabaseOpenException($"Cannot open the database at {database.Place}: {error.Message}", error);
            throw;
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>
    /// Runs <paramref name="work"/> on a connection of its own. Once a connection is had it is not cancelled: whoever gives up waiting for a transaction
    /// does not know whether it was made.
    /// </summary>
    /// <param name="work">One transaction; run again from its beginning when others got in its way.</param>
    /// <exception cref="StoreUnavailableException">The database cannot be used now; the next call tries anew.</exception>
    internal async ValueTask<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        for (int attempt = 1; ; attempt++)
        {
            // A connection from the pool is had without a look at the token.
            cancellation.ThrowIfCancellationRequested();
            try
            {
                await using NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellation);
                return await work(connection);
            }
            catch (Exception error) when (PostgresErrors.IsConflict(error) && attempt < Attempts)
            {
                // Whoever was in the way has its locks by now: the next attempt waits for them in its turn.
            }
            catch (Exception error) when (PostgresErrors.Translate(error, Place) is { } translated)
            {
                // What else lies in the pool was opened to the same server, and most likely died with it.
                if (translated is StoreUnavailableException) _source.Clear();
                throw translated;
            }
        }
    }

    private static NpgsqlConnectionStringBuilder Options(string connectionString)
    {
        try
        {
            var given = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrEmpty(given.Host)) throw new DatabaseOpenException("The connection string of the database names no Host.");
            if (!given.ContainsKey("Timeout")) given.Timeout = ConnectSeconds;
            if (!given.ContainsKey("Command Timeout")) given.CommandTimeout = CommandSeconds;
            if (!given.ContainsKey("Tcp Keepalive Time")) given.TcpKeepAliveTime = KeepAliveSeconds;
            if (!given.ContainsKey("Application Name")) given.ApplicationName = "autobid";
            return given;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Npgsql's message may repeat the string, which holds a password.
            throw new DatabaseOpenException("The connection string of the database cannot be read; it looks like Host=db;Username=autobid;Password=...;Database=autobid.");
        }
    }
}
