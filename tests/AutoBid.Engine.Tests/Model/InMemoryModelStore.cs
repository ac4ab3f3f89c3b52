using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Model;

internal sealed class InMemoryModelStore : IModelStore
{
    private readonly InMemoryLedgerStore _store = new();

    public ILedgerStore Store => _store;

    public bool CountsEveryScope => false;

    public Task<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenant, string campaign)
        => Task.FromResult<IReadOnlyList<Adjustment>>([.. _store.Adjustments.Where(a => a.TenantId == tenant && a.CampaignId == campaign)]);

    public Task ReopenAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
