using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Models;

/// <summary>A model that passed hash, shape and parity checks and serves.</summary>
/// <param name="Name">Policy name, such as gave.</param>
/// <param name="Version">Folder name of the version.</param>
/// <param name="CardSha256">SHA-256 of card.json, lower-case hex.</param>
public sealed record LiveModel(string Name, string Version, Verdict Verdict, string CardSha256, IBidPolicy Policy)
{
    /// <summary>What the gate said beside the verdict, in one line; may be empty.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Of several models with the verdict default, the one that campaigns without a policy run under (default.json of the registry).</summary>
    public bool IsPreferred { get; init; }
}
