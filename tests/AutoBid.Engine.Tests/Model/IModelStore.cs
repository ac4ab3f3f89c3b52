using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Model;

/// <summary>A ledger store under the model, and what the model looks at beside the port.</summary>
internal interface IModelStore : IAsyncDisposable
{
    ILedgerStore Store { get; }

    /// <summary>Whether flights and accounts count money that came before their limits were set.</summary>
    bool CountsEveryScope { get; }

    Task<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenant, string campaign);

    /// <summary>The process that used the store died: what a new one opens.</summary>
    Task ReopenAsync();
}
