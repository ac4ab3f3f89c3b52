namespace AutoBid.OpenRtb.Writing;

/// <summary>
/// Values of BidResponse.nbr and reasons of candidates that drop out. Below 500 they are OpenRTB 2.6's list of no-bid reason codes;
/// from 500 on they are AutoBid's own, stable once published.
/// </summary>
public enum NoBidReason
{
    /// <summary>Unknown error.</summary>
    UnknownError = 0,

    /// <summary>Technical error: something failed inside AutoBid.</summary>
    TechnicalError = 1,

    /// <summary>Invalid request.</summary>
    InvalidRequest = 2,

    /// <summary>Daily user cap met. Not decided here; kept for candidates filtered by a DSP.</summary>
    DailyUserCapMet = 9,

    /// <summary>Insufficient auction time: tmax leaves no room for an answer.</summary>
    InsufficientAuctionTime = 15,

    /// <summary>No impression carries a candidate.</summary>
    NoCandidates = 500,

    /// <summary>A currency of the request has no rate for the day.</summary>
    Currency = 501,

    /// <summary>The campaign is paused, ended or has gone.</summary>
    Paused = 502,

    /// <summary>The day's, flight's or account's budget is spent.</summary>
    Budget = 503,

    /// <summary>The caller's key may not bid for the campaign's tenant.</summary>
    Tenant = 504,

    /// <summary>The node's headroom is used up or its lease has ended; the budget may not be.</summary>
    Lease = 505,

    /// <summary>Outside flight or dayparting.</summary>
    Schedule = 506,

    /// <summary>The price is below the impression's or the campaign's floor.</summary>
    Floor = 507,

    /// <summary>The price is below the deal's floor.</summary>
    DealFloor = 508,

    /// <summary>The campaign's cap lies below the floor.</summary>
    Cap = 509,

    /// <summary>A private auction and none of its deals named.</summary>
    DealRequired = 510,

    /// <summary>The bid slot is older than twice its life.</summary>
    StaleMultiplier = 511,

    /// <summary>No campaign of this id.</summary>
    UnknownCampaign = 512,

    /// <summary>The candidate's mtype is not offered by the impression.</summary>
    MarkupNotOffered = 513,

    /// <summary>Several markup types are offered and the candidate names none.</summary>
    MarkupAmbiguous = 514,

    /// <summary>Another candidate of the impression had the higher price.</summary>
    OutbidInside = 515,

    /// <summary>wseat or bseat excludes the profile's seat.</summary>
    Seat = 516,

    /// <summary>Value or multiplier make a price of zero.</summary>
    ZeroPrice = 517,

    /// <summary>The spend-rate breaker is open.</summary>
    SpendRate = 518,

    /// <summary>The node refuses work to protect its latency.</summary>
    Overload = 519,

    /// <summary>A projected CPA or ROAS cut left nothing to bid.</summary>
    Target = 520,
}
