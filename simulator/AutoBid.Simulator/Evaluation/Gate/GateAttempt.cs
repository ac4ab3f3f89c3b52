namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>One attempt of one model at the gate. Its seed is burnt from the start, whatever becomes of it.</summary>
/// <param name="Model">Policy name, such as gave.</param>
/// <param name="Verdict">default, usable or refused; null: not finished.</param>
/// <param name="Results">By mode and budget factor; null: not finished.</param>
public sealed record GateAttempt(
    ulong Seed, string Model, int Version, string CardSha256, string PriorSha256, string? Verdict = null, IReadOnlyList<GateResult>? Results = null);
