namespace AutoBid.Policies.Inference;

/// <summary>Who waits for an answer. The first class goes before the second, and a run never mixes them.</summary>
public enum RequestClass : byte
{
    /// <summary>A caller of <c>/v1/decisions</c>.</summary>
    Interactive,

    /// <summary>A control tick.</summary>
    Bulk,
}
