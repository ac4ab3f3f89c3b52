namespace AutoBid.Chaos.Tests.Process;

/// <summary>A bill as the exchange that sent it remembers it.</summary>
internal sealed class SentNotice(string campaign, string auction, long priceNanos, string url, ServiceDoor door)
{
    private volatile bool _sent;
    private volatile bool _acknowledged;
    private volatile ServiceDoor _door = door;

    public string Campaign => campaign;

    public string Auction => auction;

    public long PriceNanos => priceNanos;

    public string Url => url;

    /// <summary>Where it goes next: first to the node that bid, after a failure to another one.</summary>
    public ServiceDoor Door
    {
        get => _door;
        set => _door = value;
    }

    /// <summary>It may have been heard.</summary>
    public bool IsSent
    {
        get => _sent;
        set => _sent = value;
    }

    /// <summary>Answered with 200: it must be counted, once.</summary>
    public bool IsAcknowledged
    {
        get => _acknowledged;
        set => _acknowledged = value;
    }
}
