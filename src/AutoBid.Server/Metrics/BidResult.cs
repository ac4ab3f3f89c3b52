namespace AutoBid.Server.Metrics;

/// <summary>How a bid request ended: the label <c>result</c> of autobid_bid_requests_total.</summary>
public enum BidResult
{
    /// <summary>200 with at least one bid.</summary>
    Bid,

    /// <summary>204, or an answer with nbr.</summary>
    NoBid,

    /// <summary>400.</summary>
    Malformed,

    /// <summary>401 or 403.</summary>
    Unauthorized,

    /// <summary>tmax left no room for an answer.</summary>
    Late,
}
