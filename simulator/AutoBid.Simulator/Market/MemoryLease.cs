using AutoBid.Engine.Ports;

namespace AutoBid.Simulator.Market;

/// <summary>One lease of <see cref="MemoryLedgerStore"/>, nanos.</summary>
internal sealed class MemoryLease(long id, MemoryCampaignDay day, string node)
{
    public long Id => id;

    public MemoryCampaignDay Day => day;

    public string Node => node;

    public long GrantedNanos { get; set; }

    public long SettledNanos { get; set; }

    public long ExpiresTicks { get; set; }

    public bool IsOpen { get; set; } = true;

    public LeaseOwner Owner => new(id, day.Tenant, day.Campaign, day.Day, node);

    public long LeftNanos => GrantedNanos - SettledNanos;
}
