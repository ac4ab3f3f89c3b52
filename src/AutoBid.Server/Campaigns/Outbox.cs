using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;

namespace AutoBid.Server.Campaigns;

/// <summary>Publishes stored settings to autobid.campaigns: at least once, in order; consumers ignore versions that are not newer.</summary>
public sealed class Outbox(ICampaignStore store, IEventLog log, ICampaignNames names) : IDisposable
{
    private const int Batch = 500;

    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>False while the log cannot be appended to.</summary>
    public bool CanPublish => log.IsAvailable;

    /// <summary>Publishes everything that waits. Throws <see cref="EventLogUnavailableException"/>; the rows then stay for the next call.</summary>
    public async Task PublishAsync(CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            while (await store.OutboxAsync(Batch, cancellation).ConfigureAwait(false) is { Count: > 0 } rows)
            {
                var events = new EngineEvent[rows.Count];
                for (int i = 0; i < events.Length; i++)
                {
                    names.Learn(rows[i].Campaign);
                    events[i] = EventOf(rows[i].Campaign);
                }

                await log.AppendAsync(events, cancellation).ConfigureAwait(false);
                await store.PublishedAsync(rows.Select(row => row.Id).ToArray(), cancellation).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    private static EngineEvent EventOf(Core.Campaigns.Campaign campaign)
    {
        var e = new EngineEvent
        {
            Kind = EventKind.Campaign,
            TenantId = campaign.TenantId,
            CampaignId = campaign.Id,
            Settings = campaign,
            // Settings are ordered by version, not by time; a fixed instant keeps the event equal in every run.
            TimeTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks,
        };
        e.Identity = EventIdentities.Of(e);
        return e;
    }
}
