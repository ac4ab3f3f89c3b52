namespace AutoBid.Engine.Ports;

/// <summary>What a commit decided.</summary>
/// <param name="Adjustments">
/// What the outside bills left over, in their order, each with the day it was counted on and its cause: <c>lease-exhausted</c>, <c>late-win</c> or
/// <c>foreign-lease</c>.
/// </param>
public readonly record struct CommitResult(IReadOnlyList<Adjustment> Adjustments);
