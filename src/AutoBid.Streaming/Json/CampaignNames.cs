using System.Collections.Concurrent;
using AutoBid.Core.Campaigns;

namespace AutoBid.Streaming.Json;

/// <summary>Names and currencies of the campaigns learned so far. Grows with the number of campaigns, never with ids invented by callers.</summary>
public sealed class CampaignNames : ICampaignNames
{
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public CampaignNames() => _lookup = _entries.GetAlternateLookup<ReadOnlySpan<char>>();

    public string Intern(ReadOnlySpan<char> id) => _lookup.TryGetValue(id, out Entry entry) ? entry.Id : id.ToString();

    public string? CurrencyOf(string campaignId) => _entries.TryGetValue(campaignId, out Entry entry) ? entry.Currency : null;

    public void Learn(Campaign campaign)
        => _entries.AddOrUpdate(
            campaign.Id,
            static (_, learned) => new Entry(learned.Id, learned.Currency, learned.Version),
            static (_, known, learned) => learned.Version > known.Version ? new Entry(known.Id, learned.Currency, learned.Version) : known,
            campaign);

    private readonly record struct Entry(string Id, string Currency, long Version);
}
