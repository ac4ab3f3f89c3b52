namespace AutoBid.Policies.Models;

/// <summary>One version in the registry's folder, for <c>autobid models list</c>.</summary>
/// <param name="Verdict">Null when it cannot be read or does not hold.</param>
/// <param name="IsLive">Serves now.</param>
/// <param name="Refusal">Why it may not serve; null: nothing found against it.</param>
/// <param name="Message">What exactly, when refused; else what the gate said beside its verdict.</param>
public sealed record ModelListing(string Name, string Version, Verdict? Verdict, bool IsLive, RefusalReason? Refusal, string? Message);
