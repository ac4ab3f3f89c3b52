using System.Collections.Concurrent;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>What an exchange and a shop sent, and what of it was acknowledged: lists, and sums made anew at every question.</summary>
internal sealed class ExchangeLedger
{
    public ConcurrentQueue<SentNotice> Bills { get; } = new();

    /// <summary>Conversions by campaign: id, and whether it was acknowledged.</summary>
    public ConcurrentDictionary<(string Campaign, string Id), bool> Conversions { get; } = new();

    /// <summary>Money that must be counted.</summary>
    public long Acknowledged(string campaign) => Bills.Where(bill => bill.Campaign == campaign && bill.IsAcknowledged).Sum(bill => bill.PriceNanos);

    /// <summary>Money that may be counted beside it: sent, and not answered with 200.</summary>
    public long InDoubt(string campaign) => Bills.Where(bill => bill.Campaign == campaign && bill.IsSent && !bill.IsAcknowledged).Sum(bill => bill.PriceNanos);
}
