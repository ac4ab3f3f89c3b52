using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger.Dedupe;

namespace AutoBid.Engine.Tests.Ledger.Dedupe;

/// <summary>Calls for events that lie in their campaign's partition, as all do that an engine applies.</summary>
internal static class SeenCalls
{
    public static bool TryAdd(this SeenMemory memory, EngineEvent e, long nowTicks) => memory.TryAdd(e, e.Partition, nowTicks);

    public static bool Contains(this SeenMemory memory, EngineEvent e) => memory.Contains(e, e.Partition);
}
