using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Leases;

namespace AutoBid.Benchmarks;

/// <summary>A bid path with published campaigns and ample leases, without loop, store or log.</summary>
internal sealed class BidWorld
{
    public static readonly EngineInstant Now = EngineInstant.Of(639_000_000_000_000_000);

    public BidWorld(int campaigns)
    {
        Book = new CampaignBook(Slots, Leases, Counters);
        Desk = new BidDesk(Slots, Leases, Counters);
        Ids = new byte[campaigns][];
        for (int c = 0; c < campaigns; c++)
        {
            string id = $"campaign-{c}";
            Ids[c] = System.Text.Encoding.UTF8.GetBytes(id);
            Book.Upsert(new Campaign { Id = id, TenantId = "default", Objective = Objective.TargetCpa, Target = 25, DailyBudgetNanos = 1000 * Nanos.PerUnit });
            Slots.Publish(c, new BidSlot { BidPerValue = 25, SafeBidPerValue = 25, ExpiresTicks = long.MaxValue, DeadTicks = long.MaxValue, Version = 1 });
            Leases.Grant(c, c + 1, 20260105, 1_000_000L * Nanos.PerUnit, long.MaxValue, 1);
        }
    }

    public BidSlotTable Slots { get; } = new();

    public LeaseDesk Leases { get; } = new();

    public BidCounters Counters { get; } = new();

    public CampaignBook Book { get; }

    public BidDesk Desk { get; }

    public byte[][] Ids { get; }

    /// <summary>Gives each campaign cells for at least this many bids to come, as refills do in a running engine.</summary>
    public void AddCells(int bids)
    {
        for (int c = 0; c < Ids.Length; c++) Leases.Tune(c, 0, bids);
    }

    /// <summary>Ends every open hold.</summary>
    public void EndAll()
    {
        for (int c = 0; c < Ids.Length; c++) Leases.Sweep(c, long.MaxValue);
    }
}
