namespace AutoBid.Policies.Models;

/// <summary>What the gate said about a model (design.md section 4). Rising: of those that may serve, the highest is chosen.</summary>
public enum Verdict : byte
{
    /// <summary>The gate has not run: served by name, with a warning.</summary>
    Provisional,

    /// <summary>Served by name only.</summary>
    Usable,

    /// <summary>Beats the best simple policy: what campaigns without a policy run under.</summary>
    Default,

    /// <summary>Falls short of the best simple policy: not served at all.</summary>
    Refused,
}
