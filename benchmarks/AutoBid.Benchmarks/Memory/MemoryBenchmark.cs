using System.Buffers;
using System.Runtime.CompilerServices;
using AutoBid.Benchmarks.Ingest;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Money;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine;
using AutoBid.Engine.Bidding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Leases;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Loop;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;

namespace AutoBid.Benchmarks.Memory;

/// <summary>
/// <c>autobid bench memory</c>: bytes of the managed heap after full collections, before and after each part is built; settings come from their JSON, as
/// in a service. Meant for a process of its own.
/// </summary>
internal sealed class MemoryBenchmark(MemoryBenchmarkOptions options)
{
    private const int Steps = 24;
    private const int OpenHolds = 20;
    private const int Bids = 1_000_000;
    private const int Identities = 2_000_000;

    private static readonly long DayStart = new DateTime(2026, 1, 5, 0, 0, 0, DateTimeKind.Utc).Ticks;

    private readonly List<string> _lines = [];

    public void Run()
    {
        double idle = Idle(out double settings, out double objects);
        double active = Active(out double holds);
        _lines.AddRange(["", "## Remembered events", "", "| tier | events | bytes an event |", "|---|---|---|"]);
        Seen();
        string Target(bool reached) => reached ? "reached" : "MISSED";
        File.WriteAllText(options.Out, string.Join('\n',
        [
            "# Memory", "", "Command: `./autobid bench memory`", "", options.Machine,
            "- managed heap after full, compacting collections, before and after; one process; on this machine bid counters have as many cells as it has cores, at most 16", "",
            .. _lines, "", "## Targets", "",
            Text($"- idle campaign at most 2 KB: {idle:0} bytes, {Target(idle <= 2048)} ({settings:0} of them its settings, {objects:0.0} objects a campaign)"),
            Text($"- active campaign at most 6 KB, curves included: {active:0} bytes, {Target(active <= 6144)}"),
            Text($"- open hold at most 48 bytes: {holds:0.0} with its share of the lease, {Target(holds <= 48)}"), "",
        ]));
        Console.WriteLine(File.ReadAllText(options.Out));
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static long Heap()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private double Idle(out double settings, out double objects)
    {
        long before = Heap();
        Campaign[] campaigns = Settings(options.Idle);
        long withSettings = Heap() - before - 8L * campaigns.Length;
        settings = (double)withSettings / options.Idle;
        before = Heap();
        var world = new World();
        foreach (Campaign campaign in campaigns) world.Book.Upsert(campaign);
        double rest = (double)(Heap() - before) / options.Idle;
        GC.KeepAlive(campaigns);
        double index = Measure(() =>
        {
            var one = new CampaignIndex();
            foreach (Campaign campaign in campaigns) one.Publish(campaign.Id, one.Reserve(campaign.Id));
            return one;
        }) / options.Idle;
        // Settings, their schedule, the id, the id's bytes and node in the index.
        objects = 5;
        int entry = Unsafe.SizeOf<CampaignEntry>(), slot = Unsafe.SizeOf<BidSlot>();
        _lines.AddRange(
        [
            Text($"## {options.Idle:N0} idle campaigns (settings loaded, no day begun)"), "", "| part | bytes a campaign |", "|---|---|",
            Text($"| settings, their strings and schedule | {settings:0} |"), Text($"| index by id | {index:0} |"), Text($"| entry of the loop | {entry} |"),
            Text($"| bid slot | {slot} |"), Text($"| counters, lease pointer, rest | {rest - index - entry - slot:0} |"), Text($"| **all** | **{settings + rest:0}** |"), "",
        ]);
        GC.KeepAlive(world);
        return settings + rest;
    }

    private double Active(out double perHold)
    {
        long start = Heap();
        Campaign[] campaigns = Settings(options.Active);
        var world = new World();
        foreach (Campaign campaign in campaigns) world.Book.Upsert(campaign);
        long idle = Heap();
        for (int c = 0; c < campaigns.Length; c++) world.PlayDay(c, 0, Steps);
        long day = Heap();
        for (int c = 0; c < campaigns.Length; c++) world.Leases.Grant(c, c + 1, 20260105, 1_000L * Nanos.PerUnit, long.MaxValue, 1);
        long leases = Heap(), firstCells = world.Leases.HoldBytes;
        for (int c = 0; c < campaigns.Length; c++) world.Hold(c, OpenHolds);
        long holds = Heap();
        for (int c = 0; c < campaigns.Length; c++) world.Counters.CountOpportunity(c, 1);
        long counters = Heap();
        for (int c = 0; c < campaigns.Length; c++) world.PlayDay(c, Steps + 1, StepClock.StepsPerDay - 1);
        long evening = Heap();
        for (int c = 0; c < campaigns.Length; c++) world.PlayDay(c, StepClock.StepsPerDay, StepClock.StepsPerDay);
        long midnight = Heap();
        GC.KeepAlive(campaigns);
        double n = options.Active;
        double blocks = 48 * Unsafe.SizeOf<StepRow>() + 20 * 48 * 2;
        perHold = (holds - leases) / n / OpenHolds;
        // The bound that holds whatever cells a lease begins with.
        double withLease = (holds - day) / n / OpenHolds;
        double active = (counters - start - (holds - leases)) / n;
        _lines.AddRange(
        [
            Text($"## {options.Active:N0} active campaigns ({Steps} steps closed, 20 curves kept, a lease, {OpenHolds} open holds)"), "", "| part | bytes a campaign |", "|---|---|",
            Text($"| as idle | {(idle - start) / n:0} |"),
            Text($"| rows and curves of the day | {blocks:0} |"), Text($"| sums of the running step, rest of the day | {(day - idle) / n - blocks:0} |"),
            Text($"| lease: account, book, index | {(leases - day - firstCells) / n:0} |"), Text($"| its first {LeaseDesk.FewestCells} cells for holds, their directory | {firstCells / n:0} |"),
            Text($"| bid counters | {(counters - holds) / n:0} |"),
            Text($"| **all without holds** | **{active:0}** |"),
            Text($"| {OpenHolds} open holds, further cells and directories | {(holds - leases) / n:0} |"), "",
            Text($"In the day's last step {(evening - counters) / n:0} more; when the next day has begun and the last row is not yet published, {(midnight - evening) / n:0} on top."), "",
            Text($"An open hold adds {perHold:0.0} bytes where the lease had cells already; with all bytes of the lease spread over {OpenHolds} holds: {withLease:0.0}."),
        ]);
        perHold = withLease;
        GC.KeepAlive(world);
        return active;
    }

    private void Seen()
    {
        double bits = Measure(() =>
        {
            var memory = new SeenMemory(TimeSpan.FromHours(72));
            for (int i = 0; i < Bids; i++)
                memory.TryAdd(new EngineEvent { Kind = (EventKind)(i % 2 * 2), TenantId = "default", Lease = 1 + i % 1000, Seq = i / 2000, TimeTicks = DayStart }, 0, DayStart);
            // Nothing waits for a commit in a memory that stands.
            memory.Take();
            return memory;
        });
        _lines.Add(Text($"| own bids, bits by lease, kind and number (1,000 leases, bills and losses) | {Bids:N0} | {bits / Bids:0.00} |"));
        foreach (int count in (int[])[Identities, Identities * 3 / 4])
        {
            double young = Measure(() => Remembering(count));
            _lines.Add(Text($"| identities of the young hours | {count:N0} | {young / count:0.0} |"));
        }

        SeenFigures figures = default;
        double old = Measure(() =>
        {
            SeenMemory memory = Remembering(Identities);
            memory.Prune(DayStart + 30 * TimeSpan.TicksPerHour);
            figures = memory.Figures;
            return memory;
        });
        _lines.Add(Text($"| identities of sealed hours, filters included ({(double)figures.FilterBytes / figures.Sealed:0.00} bytes of filter) | {Identities:N0} | {old / Identities:0.0} |"));
        SeenMemory asked = Remembering(Identities);
        asked.Prune(DayStart + 30 * TimeSpan.TicksPerHour);
        long before = asked.Figures.FalsePositives;
        for (int i = 0; i < Identities; i++) asked.Contains(Foreign(Identities + i), 0);
        _lines.AddRange(["", Text($"Of {Identities:N0} new identities {100.0 * (asked.Figures.FalsePositives - before) / Identities:0.00} % had a sealed segment read in vain (one day's filter).")]);
    }

    private static SeenMemory Remembering(int count)
    {
        var memory = new SeenMemory(TimeSpan.FromHours(72));
        for (int i = 0; i < count; i++) memory.TryAdd(Foreign(i), 0, DayStart);
        memory.Take();
        return memory;
    }

    private static EngineEvent Foreign(int i) => new()
    {
        Kind = EventKind.Bill,
        Identity = EventIdentities.Of("default", "adx", i.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        TimeTicks = DayStart + i % 2 * TimeSpan.TicksPerHour,
    };

    private static double Measure(Func<object> build)
    {
        long before = Heap();
        object built = build();
        long after = Heap();
        GC.KeepAlive(built);
        return after - before;
    }

    // As the log or the database gives them: strings of their own for every field that is told.
    private static Campaign[] Settings(int count)
    {
        var names = new CampaignNames();
        var buffer = new ArrayBufferWriter<byte>();
        var campaigns = new Campaign[count];
        for (int c = 0; c < count; c++)
        {
            var e = new EngineEvent { Kind = EventKind.Campaign, TenantId = IngestEvents.Tenant, CampaignId = IngestEvents.IdOf(c), Settings = IngestEvents.CampaignOf(c) with { Name = $"Spring sale {c}" } };
            EventWriter.Write(e, names, buffer);
            if (!EventReader.TryRead(Topic.Campaigns, buffer.WrittenSpan, names, out EngineEvent read, out string error)) throw new InvalidOperationException(error);
            campaigns[c] = read.Settings!;
            buffer.ResetWrittenCount();
        }

        return campaigns;
    }

    private sealed class World
    {
        private readonly StepCloser _closer;

        public World()
        {
            Book = new CampaignBook(Slots, Leases, Counters);
            Book.Place(static _ => 0);
            Book.Own([new PartitionClaim(0, 1, 0, null)]);
            _closer = new StepCloser(Book, Leases, new EngineOptions());
        }

        public BidSlotTable Slots { get; } = new();

        public LeaseDesk Leases { get; } = new();

        public BidCounters Counters { get; } = new();

        public CampaignBook Book { get; }

        public void PlayDay(int campaign, int first, int last)
        {
            for (int step = first; step <= last; step++)
            {
                _closer.Advance(campaign, DayStart + step * TimeSpan.TicksPerHour / 2);
                Book.Open(campaign).AddSignal(2_000_000, 20_000_000, 25);
            }
        }

        public void Hold(int campaign, int holds)
        {
            Leases.Tune(campaign, 0, holds);
            for (int i = 0; i < holds; i++)
                if (!Leases.TryHold(campaign, 10_000_000, DayStart, TimeSpan.TicksPerHour, out _)) throw new InvalidOperationException("The lease has no room for the hold.");
        }
    }
}
