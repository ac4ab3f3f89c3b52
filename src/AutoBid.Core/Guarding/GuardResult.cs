namespace AutoBid.Core.Guarding;

/// <summary>The multiplier to publish and why it differs from the policy's.</summary>
public readonly record struct GuardResult(double Multiplier, GuardReasons Reasons);
