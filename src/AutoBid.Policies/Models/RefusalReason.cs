namespace AutoBid.Policies.Models;

/// <summary>Why a model may not serve.</summary>
public enum RefusalReason : byte
{
    /// <summary>card.json is missing, is not JSON, or breaks a rule.</summary>
    Card,

    /// <summary>verdict.json is missing, is not JSON, or names other hashes than the files have.</summary>
    Verdict,

    /// <summary>The gate played it and refused it.</summary>
    Gate,

    /// <summary>A file is missing or is not the one the card names.</summary>
    Hash,

    /// <summary>No policy of this program serves the card's kind or action.</summary>
    Kind,

    /// <summary>The feature builder or its version does not exist here.</summary>
    Features,

    /// <summary>Inputs or outputs of the graph are not those of the card, or not those of its kind.</summary>
    Shape,

    /// <summary>The runtime cannot open or run the graph.</summary>
    Session,

    /// <summary>The device has no room for it beside what serves.</summary>
    Memory,

    /// <summary>The graph does not give the answers it was exported with.</summary>
    Parity,

    /// <summary>Its p99 on this device does not meet the decision deadline.</summary>
    Deadline,
}
