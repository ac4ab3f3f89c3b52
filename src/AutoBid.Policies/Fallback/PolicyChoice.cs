namespace AutoBid.Policies.Fallback;

/// <summary>What a policy name, or none, stands for at the moment, and why. Its text is the line that serve, demo and simulate say.</summary>
/// <param name="Name">Name that decisions carry.</param>
/// <param name="Model">Name and version, such as <c>gave/2</c>; the name itself for policies without a model file.</param>
/// <param name="Verdict">default, usable or provisional; null for policies without a model file.</param>
/// <param name="Reason">The verdict with its reason, or why no model decides.</param>
public sealed record PolicyChoice(string Name, string Model, string? Verdict, string Reason)
{
    public override string ToString() => $"policy {Model}: {Reason}";
}
