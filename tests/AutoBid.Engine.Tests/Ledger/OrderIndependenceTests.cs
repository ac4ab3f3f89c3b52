using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Ledger;

/// <summary>Events of one open step give the same state in any order, however often each of them comes.</summary>
public sealed class OrderIndependenceTests
{
    private static List<EngineEvent> Events(int[] seeds)
    {
        var events = new List<EngineEvent>();
        for (int i = 0; i < seeds.Length; i++)
        {
            uint seed = (uint)seeds[i];
            double hours = 10 + seed % 29 / 60.0;
            events.Add((seed % 7) switch
            {
                // Eight holds of 100 exist; prices stay below them, so that headroom never runs short.
                0 => Bench.Bill(7, seed % 8, 20 + seed % 60, hours),
                1 => Bench.Bill(7, seed % 8, 0, hours) with { Kind = EventKind.Loss },
                2 => Bench.Foreign($"f{seed % 5}", 30 + seed % 5, hours - seed % 3),
                3 => Bench.Conversion($"k{seed % 3}", (EventKind)((int)EventKind.Convert + seed / 3 % 3), revision: seed / 9 % 3, value: 1 + seed / 9 % 3, clickHours: 11 - seed % 3 * 4, hours: hours),
                4 => Bench.Signal($"s{i}", seed % 3_000_000, seed % 90_000_000, seed % 2 == 0, hours),
                5 => Bench.Stats(1 + i, hours),
                _ => Bench.Bill(8, seed % 8, 5, hours),
            });
        }

        // What is one event has one content: contradictory copies are not what a permutation is about.
        return [.. events.Select(e => e.Identified()).GroupBy(e => e.Identity).Select(g => g.First())];
    }

    private static (string Hash, string Money, string Row) Run(IEnumerable<EngineEvent> events)
    {
        using var bench = new Bench();
        int c = bench.Open(Bench.Campaign(), 10);
        bench.Leases.Grant(c, 7, Bench.Day, 10_000, long.MaxValue, 1);
        for (int i = 0; i < 8; i++) bench.Leases.TryHold(c, 100, Bench.At(10), TimeSpan.FromHours(1).Ticks, out _);
        bench.Applier.Remember(new LeaseOwner(8, "t1", "c1", Bench.Day, "old"));
        foreach (EngineEvent e in events) bench.Apply(e);
        // Everything that the step will say is in its row: close it, so that the hash covers it.
        bench.Closer.Advance(c, Bench.At(10.5));
        LedgerCommit commit = bench.Pending.Take();
        string money = string.Join(',', commit.Settlements) + string.Join(',', commit.OutsideBills.Select(bill => bill.Bill).Concat(commit.Adjustments).OrderBy(a => a.Identity).ThenBy(a => a.AmountNanos).Select(a => (a.AmountNanos, a.Cause, a.Day)));
        return (bench.Hash(), money + bench.Leases.Look(c).HeadroomNanos, bench.Entry(c).SpentNanos.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Any_order_and_any_number_of_duplicates_give_the_same_state()
        => Prop.ForAll<int[], int>((seeds, seed) =>
        {
            List<EngineEvent> events = Events(seeds);
            // A bill and a loss of one bid contradict each other: whichever comes first wins, and no exchange sends both.
            var billed = events.Where(e => e.Kind == EventKind.Bill && e.Lease == 7).Select(e => e.Seq).ToHashSet();
            events.RemoveAll(e => e.Kind == EventKind.Loss && billed.Contains(e.Seq));
            var random = new Random(seed);
            List<EngineEvent> mixed = [.. events, .. events.Where(_ => random.Next(3) == 0), .. events.Where(_ => random.Next(5) == 0)];
            EngineEvent[] shuffled = [.. mixed];
            random.Shuffle(shuffled);
            Assert.Equal(Run(events), Run(shuffled));
        }).Check(Checks.Config.WithMaxTest(300).WithEndSize(60));
}
