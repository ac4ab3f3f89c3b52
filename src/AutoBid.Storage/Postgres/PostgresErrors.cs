using System.Net.Sockets;
using AutoBid.Engine.Ports;
using Npgsql;

namespace AutoBid.Storage.Postgres;

/// <summary>What an error of the database means to a caller.</summary>
internal static class PostgresErrors
{
    private const string Fenced = "AB001";
    private const string Refused = "AB002";

    /// <summary>Transactions that got in each other's way: nothing was applied, the same again may succeed.</summary>
    public static bool IsConflict(Exception error)
        => error is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The server cannot be reached, is shutting down or starting, lacks disk, memory or connections, or takes no writes now.</summary>
    public static bool IsUnavailable(Exception error) => error switch
    {
        PostgresException e => e.SqlState[..2] is "08" or "53" or "57" or "58"
            || e.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.InvalidCatalogName
            || e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
            || IsConflict(e),
        NpgsqlException or SocketException or IOException or TimeoutException => true,
        _ => false,
    };

    /// <summary>The exception of the port's contract that the error stands for; null: it is none of them.</summary>
    public static Exception? Translate(Exception error, string place)
    {
        if (error is PostgresException { SqlState: Fenced } fenced)
        {
            string[] parts = fenced.MessageText.Split(' ');
            return new FencedException(int.Parse(parts[0], null), long.Parse(parts[1], null), long.Parse(parts[2], null));
        }

        if (error is PostgresException { SqlState: Refused } refused) return new InvalidOperationException(refused.MessageText, refused);
        return IsUnavailable(error) ? new StoreUnavailableException($"The database at {place} cannot be used now: {error.Message}", error) : null;
    }
}
