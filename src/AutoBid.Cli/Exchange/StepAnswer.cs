namespace AutoBid.Cli.Exchange;

/// <summary>One row of a trajectory as the API tells it.</summary>
internal sealed record StepAnswer
{
    public required int Step { get; init; }

    public double Impressions { get; init; }

    public double SumValue { get; init; }

    public double Multiplier { get; init; }

    public double MeanLeastWinningCost { get; init; }

    public double Wins { get; init; }

    public double Cost { get; init; }

    public double Conversions { get; init; }

    public double ConversionValue { get; init; }

    public double ValueWon { get; init; }

    /// <summary>1 for a closed step.</summary>
    public double Elapsed { get; init; }
}
