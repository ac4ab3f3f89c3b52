using AutoBid.Core.Campaigns;

namespace AutoBid.Engine.Ports;

/// <summary>Campaign settings: the database is the truth; an outbox row is written in the same transaction and published to autobid.campaigns.</summary>
public interface ICampaignStore
{
    /// <summary>Stores a new campaign. False when the id exists, in any tenant: ids are global.</summary>
    ValueTask<bool> CreateAsync(Campaign campaign, CancellationToken cancellation);

    /// <summary>Creates once per (tenant, key): a repeat returns the first answer. Throws <see cref="IdempotencyMismatchException"/> when the key came with other content.</summary>
    ValueTask<(Campaign Stored, bool Created)?> CreateOnceAsync(Campaign campaign, string idempotencyKey, CancellationToken cancellation);

    /// <summary>Replaces the settings if the stored version is <paramref name="expectedVersion"/>; the new one has that plus 1. Null: unknown id in this tenant.</summary>
    ValueTask<CampaignUpdate?> UpdateAsync(Campaign campaign, long expectedVersion, CancellationToken cancellation);

    ValueTask<Campaign?> GetAsync(string tenantId, string id, CancellationToken cancellation);

    ValueTask<IReadOnlyList<Campaign>> ListAsync(string tenantId, string? afterId, int limit, CancellationToken cancellation);

    /// <summary>Every campaign of every tenant, for the engine's start.</summary>
    IAsyncEnumerable<Campaign> AllAsync(CancellationToken cancellation);

    /// <summary>Settings not yet published, oldest first.</summary>
    ValueTask<IReadOnlyList<OutboxRow>> OutboxAsync(int limit, CancellationToken cancellation);

    /// <summary>Removes published rows.</summary>
    ValueTask PublishedAsync(IReadOnlyList<long> outboxIds, CancellationToken cancellation);
}
