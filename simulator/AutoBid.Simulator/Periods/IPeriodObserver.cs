namespace AutoBid.Simulator.Periods;

/// <summary>Looks on while a period is played. It must not change what it sees.</summary>
public interface IPeriodObserver
{
    /// <summary>Before step 0.</summary>
    void OnStarted(PeriodSetup setup);

    /// <summary>Multipliers are decided, nothing is auctioned yet: what is known is what the policies knew.</summary>
    void OnDecided(PeriodStep step);

    /// <summary>The step's auctions and conversions are final; the rows are not closed yet.</summary>
    void OnPlayed(PeriodStep step);

    /// <summary>After step 47.</summary>
    void OnFinished(PeriodResult result);
}
