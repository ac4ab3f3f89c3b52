using AutoBid.Engine.Ports;

namespace AutoBid.Storage.Tests.Ledger;

/// <summary>A ledger on an empty database, and what the contract's tests must be able to do to it.</summary>
public interface ILedgerFixture : IAsyncDisposable
{
    ILedgerStore Store { get; }

    /// <summary>Closes everything and opens the same database again.</summary>
    Task ReopenAsync();
}
