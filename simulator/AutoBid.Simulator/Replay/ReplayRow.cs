namespace AutoBid.Simulator.Replay;

/// <summary>One opportunity of one key, as the replay protocol needs it. Money in account currency per impression.</summary>
public struct ReplayRow
{
    /// <summary><see cref="Outcome"/> of a log that does not say what a win brings: it is drawn from value and sigma.</summary>
    public const sbyte Drawn = -1;

    /// <summary>Number of the period or day.</summary>
    public int Period;

    /// <summary>Number of the advertiser; period and advertiser together are the key.</summary>
    public int Advertiser;

    /// <summary>0 to 47; it does not go backwards within a key.</summary>
    public int Step;

    /// <summary>Number of the opportunity in its period; every key sees it once.</summary>
    public int Opportunity;

    /// <summary>Predicted conversion probability, 0 to 1.</summary>
    public double Value;

    /// <summary>Standard deviation of the prediction's error.</summary>
    public double Sigma;

    /// <summary>The least winning cost: what a bid must reach, and pays.</summary>
    public double Price;

    /// <summary>1: converts when won; 0: does not; <see cref="Drawn"/>.</summary>
    public sbyte Outcome;

    /// <summary>Of the key, the same in all its rows.</summary>
    public double Budget;

    /// <summary>CPA of the key, above 0, the same in all its rows.</summary>
    public double Target;
}
