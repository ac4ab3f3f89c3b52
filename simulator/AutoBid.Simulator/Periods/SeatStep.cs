namespace AutoBid.Simulator.Periods;

/// <summary>What one seat did and got in one step.</summary>
public struct SeatStep
{
    /// <summary>The policy's own answer; NaN when it gave none.</summary>
    public double PolicyMultiplier;

    /// <summary>What was bid: after guard, perturbation and range.</summary>
    public double Multiplier;

    public int Opportunities;

    /// <summary>Mean predicted value of the opportunities.</summary>
    public double MeanValue;

    /// <summary>Mean minimum to win, own bid removed, account currency.</summary>
    public double MeanMinimumToWin;

    public int Wins;

    public int Exposures;

    /// <summary>Account currency.</summary>
    public double Cost;

    /// <summary>Expected conversions: predicted value over exposed impressions.</summary>
    public double ValueWon;

    public int Conversions;

    /// <summary>Bids dropped for lack of budget.</summary>
    public int Dropped;

    /// <summary>Budget left when the step began, account currency.</summary>
    public double LeftBefore;
}
