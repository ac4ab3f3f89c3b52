namespace AutoBid.Simulator.Replay;

/// <summary>What a replay may find wrong only in the light of earlier rows.</summary>
public enum ReplayField
{
    /// <summary>Period or day, and advertiser.</summary>
    Key,
    Step,
    Opportunity,
    Budget,
    Target,
}
