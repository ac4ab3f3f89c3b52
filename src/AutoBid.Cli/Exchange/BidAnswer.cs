namespace AutoBid.Cli.Exchange;

/// <summary>What an answer to a bid request says. A class that the next answer overwrites.</summary>
internal sealed class BidAnswer
{
    /// <summary>False: no bid.</summary>
    public bool HasBid { get; set; }

    /// <summary>nbr of a no-bid; null when not stated.</summary>
    public int? NoBidReason { get; set; }

    /// <summary>Index of the campaign in the market.</summary>
    public int Campaign { get; set; }

    /// <summary>Price, nanos per impression.</summary>
    public long PriceNanos { get; set; }

    public string BidId { get; set; } = "";

    /// <summary>Win notice; null: none wanted.</summary>
    public string? WinUrl { get; set; }

    /// <summary>Billing notice; null: none wanted.</summary>
    public string? BillUrl { get; set; }

    /// <summary>Loss notice; null: none wanted.</summary>
    public string? LossUrl { get; set; }

    public void Clear()
    {
        HasBid = false;
        NoBidReason = null;
        Campaign = -1;
        PriceNanos = 0;
        BidId = "";
        WinUrl = BillUrl = LossUrl = null;
    }
}
