using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Sqlite;

namespace AutoBid.Storage;

/// <summary>The stores of one installation over one database: PostgreSQL where a connection string is given, else the SQLite file of the data folder.</summary>
public sealed class Stores : IAsyncDisposable
{
    private const string SqliteFile = "autobid.db";

    private readonly IAsyncDisposable _database;

    private Stores(IAsyncDisposable database, ILedgerStore ledger, ICampaignStore campaigns, IApiKeyStore apiKeys)
        => (_database, Ledger, Campaigns, ApiKeys) = (database, ledger, campaigns, apiKeys);

    public ILedgerStore Ledger { get; }

    public ICampaignStore Campaigns { get; }

    public IApiKeyStore ApiKeys { get; }

    /// <param name="postgres">Connection string of PostgreSQL; null: SQLite.</param>
    /// <param name="folder">Data folder; made when the SQLite file is to lie there.</param>
    /// <param name="eventTime">Leases go by the time that their node states (a virtual clock), not by the database's.</param>
    /// <exception cref="DatabaseOpenException">The database cannot be used; one line that says why.</exception>
    public static async ValueTask<Stores> OpenAsync(string? postgres, string folder, bool eventTime, CancellationToken cancellation)
    {
        if (postgres is not null)
        {
            PostgresDatabase shared = await PostgresDatabase.OpenAsync(postgres, cancellation);
            return new Stores(shared, new PostgresLedgerStore(shared, eventTime), new PostgresCampaignStore(shared), new PostgresApiKeyStore(shared));
        }

        SqliteDatabase file = await SqliteDatabase.OpenAsync(Path.Combine(folder, SqliteFile), cancellation);
        return new Stores(file, new SqliteLedgerStore(file), new SqliteCampaignStore(file), new SqliteApiKeyStore(file));
    }

    public async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        await _database.DisposeAsync();
    }
}
