using AutoBid.Core.Campaigns;

namespace AutoBid.Streaming.Json;

/// <summary>
/// What decoding needs to know about campaigns: one string per id, so that a hot id is not allocated per event, and the account currency,
/// because <c>EngineEvent.AmountNanos</c> is in it. Safe for use from many threads.
/// </summary>
public interface ICampaignNames
{
    /// <summary>The string of this id; the same instance every time for ids that were learned.</summary>
    string Intern(ReadOnlySpan<char> id);

    /// <summary>ISO 4217 code of the campaign's account; null: unknown campaign.</summary>
    string? CurrencyOf(string campaignId);

    /// <summary>Remembers a campaign's settings. The event logs call it for each campaign event that they read.</summary>
    void Learn(Campaign campaign);
}
