namespace AutoBid.Simulator.Traffic;

/// <summary>The money of one advertiser seat.</summary>
/// <param name="Budget">Of the period, account currency.</param>
/// <param name="TargetCpa">Account currency per conversion.</param>
public readonly record struct Seat(double Budget, double TargetCpa);
