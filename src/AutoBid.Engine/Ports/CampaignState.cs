namespace AutoBid.Engine.Ports;

/// <summary>
/// A part of one campaign's serialised state. There are two, because one changes with every event and every decision and the other, most of the bytes, once
/// a step.
/// </summary>
/// <param name="Partition">The campaign's partition of every keyed topic: who owns that, owns the state.</param>
/// <param name="Day"><see cref="Running"/>, or the day (yyyymmdd) whose closed steps these are.</param>
/// <param name="Blob">Opaque to stores; empty: the stored part goes.</param>
public readonly record struct CampaignState(string TenantId, string CampaignId, int Partition, int Day, byte[] Blob)
{
    /// <summary>Day of the part that changes all the time: totals, decision memory, running step, conversions. It sorts before every day.</summary>
    public const int Running = 0;
}
