namespace AutoBid.Policies.Inference;

/// <summary>Where the rows of some decisions came from.</summary>
internal struct RowTally
{
    /// <summary>Copied as they were.</summary>
    public int Hits;

    /// <summary>Copied, their forecast calibrated anew.</summary>
    public int Calibrated;

    /// <summary>Made: what the kept row of the step was made from has changed.</summary>
    public int Changed;

    /// <summary>Made: no row of the step was kept.</summary>
    public int New;

    /// <summary>Campaigns that went for these.</summary>
    public int Evictions;
}
