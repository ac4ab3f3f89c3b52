namespace AutoBid.Policies.Simple;

/// <summary>
/// Settings of the feedback policy (policies.md section 2, item 1). The adjustment is a rate of change and its errors are sums over the day, so
/// the derivative acts as the proportional term of an ordinary controller and the proportional one integrates: gains of 0.25 and 0.03, usual
/// elsewhere, swing between both ends of the range and reach 30 % of S*. Gains found on validation periods (docs/calibration.md).
/// </summary>
public sealed record PidOptions
{
    /// <summary>The benchmark's controller: starts at 15 in money per unit of value and looks at projected spend alone.</summary>
    public static PidOptions Benchmark { get; } = new() { StartBidPerValue = 15, ProjectedSpendOnly = true };

    public double Proportional { get; init; } = 0.02;

    public double Integral { get; init; } = 0.001;

    public double Derivative { get; init; } = 0.4;

    /// <summary>Share of the integral that the next step inherits.</summary>
    public double IntegralKept { get; init; } = 0.9;

    /// <summary>The integral stays inside +- this many errors.</summary>
    public double IntegralLimit { get; init; } = 4;

    /// <summary>Weight of being above target in SpendFirst, where it lowers the score but cuts nothing.</summary>
    public double PenaltyWeight { get; init; } = 1;

    /// <summary>Bid per unit of value to start from, account currency; 0: the account's constant multiplier.</summary>
    public double StartBidPerValue { get; init; }

    /// <summary>x1.2 when projected spend is below 0.7 of what is left, x0.7 above 1.1 of it; no other feedback.</summary>
    public bool ProjectedSpendOnly { get; init; }
}
