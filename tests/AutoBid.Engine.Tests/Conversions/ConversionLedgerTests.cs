using System.Runtime.CompilerServices;
using AutoBid.Core.Conversions;
using AutoBid.Core.Guarding;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Conversions;

/// <summary>Click days, delays and what is due, through events and steps as the loop applies them.</summary>
public sealed class ConversionLedgerTests : IDisposable
{
    private readonly Bench _bench = new();

    public void Dispose() => _bench.Dispose();

    private static List<ClickDayView> Days(Bench bench, int c, double hours)
    {
        ref CampaignEntry entry = ref bench.Entry(c);
        int closedBefore = entry.DayAt(Bench.At(hours) - TimeSpan.FromDays(30).Ticks);
        return bench.Book.Conversions.Days(c, entry, bench.Book.Trajectories.View(entry.Block), Bench.At(hours), closedBefore);
    }

    private static (double Pending, double Carried) Due(Bench bench, int c, double hours)
    {
        bench.Closer.ShowOpenRow(c, Bench.At(hours));
        return bench.Book.Conversions.Due(c, bench.Entry(c), bench.Book.Trajectories.View(bench.Entry(c).Block), Bench.At(hours));
    }

    private static void Win(Bench bench, string id, double value, double hours)
        => bench.Apply(Bench.Signal(id, (long)(value * 1e9), 1_000, won: true, hours), hours);

    /// <summary>
    /// Wins spread over each half hour of so many days, worth <paramref name="perDay"/> predicted conversions; conversions with the given calibration and
    /// delays. Calls <paramref name="look"/> at each step's end with (hours, expected today, pending, carried, arrived today).
    /// </summary>
    private static int Play(
        Bench bench, int days, double perDay, double calibration, Func<Random, double> delayHours, int seed, Action<double, double, double, double, long> look)
    {
        var random = new Random(seed);
        int c = bench.Open(Bench.Campaign());
        var coming = new PriorityQueue<EngineEvent, long>();
        int id = 0;
        for (int step = 0; step < 48 * days; step++)
        {
            double start = step / 2.0, end = start + 0.5;
            double value = perDay / 48 / 10;
            for (int w = 0; w < 10; w++)
            {
                double at = start + (w + 0.5) / 20;
                Win(bench, $"w{id}", value, at);
                // Value is expected conversions, not a probability of one: it may exceed 1.
                for (double rest = value * calibration; rest > 0; rest--)
                {
                    if (random.NextDouble() >= rest) continue;
                    double arrives = at + delayHours(random);
                    EngineEvent e = Bench.Conversion($"k{id}-{rest}", clickHours: at, hours: arrives);
                    coming.Enqueue(e, e.TimeTicks);
                }

                id++;
            }

            while (coming.TryPeek(out _, out long ticks) && ticks < Bench.At(end)) bench.Apply(coming.Dequeue(), end);
            if ((step + 1) % 48 == 0)
            {
                // The last look at a day comes before it ends.
                (double p, double k) = Due(bench, c, end - 1e-6);
                look(end, bench.Entry(c).ValueWonE9 / 1e9, p, k, bench.Entry(c).Conversions);
            }

            bench.Closer.Advance(c, Bench.At(end));
            (double pending, double carried) = Due(bench, c, end);
            look(end, bench.Entry(c).ValueWonE9 / 1e9, pending, carried, bench.Entry(c).Conversions);
        }

        return c;
    }

    /// <summary>What the guard trusts of predicted value, as in Guard.ValueTrust.</summary>
    private static double Trust(double expected, double pending, double carried, long arrived)
    {
        double due = expected - pending + carried;
        return due <= 0 ? 1 : Math.Min(PoissonBound.Upper(arrived, 0.99) / due, 1);
    }

    private static double Exponential(Random random, double mean) => -Math.Log(1 - random.NextDouble()) * mean;

    [Fact]
    public void A_campaign_whose_conversions_take_a_day_is_not_cut_on_its_first_day_nor_later()
    {
        int cuts = 0, looks = 0, cutsOnDayOne = 0;
        for (int seed = 0; seed < 12; seed++)
        {
            using var bench = new Bench();
            Play(bench, 12, 40, 1, r => Exponential(r, 24), seed, (hours, expected, pending, carried, arrived) =>
            {
                looks++;
                if (Trust(expected, pending, carried, arrived) >= 0.9) return;
                cuts++;
                if (hours < 24) cutsOnDayOne++;
            });
        }

        // One-sided 99 % at each look; the prior's early mass costs the first evening something: a day's delay is longer than it believes.
        Assert.True(cuts <= 0.05 * looks, $"{cuts} of {looks}, {cutsOnDayOne} on the first day");
        // Without the delays the very same streams would have been cut.
        int naive = 0;
        using var plain = new Bench();
        Play(plain, 1, 40, 1, r => Exponential(r, 24), 1, (_, expected, _, _, arrived) => naive += Trust(expected, 0, 0, arrived) < 0.9 ? 1 : 0);
        Assert.True(naive > 15, $"{naive}");
    }

    /// <summary>Conversions that were due when predictions twice too high first lost trust, from a day on; sorted, infinite where that day never did.</summary>
    private static List<double> DueAtCut(double meanHours, DelayPrior delays, int fromDay)
    {
        var needed = new List<double>();
        for (int seed = 0; seed < 25; seed++)
        {
            using var bench = new Bench(new EngineOptions { Tick = TimeSpan.FromMinutes(30), Delays = delays });
            double first = double.PositiveInfinity;
            Play(bench, fromDay, 100, 0.5, r => Exponential(r, meanHours), seed, (hours, expected, pending, carried, arrived) =>
            {
                if (hours <= 24 * (fromDay - 1) || double.IsFinite(first)) return;
                if (Trust(expected, pending, carried, arrived) < 0.98) first = expected - pending + carried;
            });
            needed.Add(first);
        }

        needed.Sort();
        return needed;
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(3)]
    [InlineData(24)]
    public void Predictions_twice_too_high_are_cut_in_spite_of_known_delays(double meanHours)
    {
        (TimeSpan, double)[] known = [.. Enumerable.Range(0, 15).Select(i => (TimeSpan.FromMinutes(1 << i), 1 - Math.Exp(-(1 << i) / 60.0 / meanHours)))];
        List<double> needed = DueAtCut(meanHours, new DelayPrior(1e9, known), fromDay: 3);
        // Half of them arrive: 15 conversions in the middle, 30 in all but two of 25 days.
        Assert.True(needed[12] <= 30 && needed[^3] <= 60, string.Join(' ', needed.Select(n => $"{n:F0}")));
    }

    [Theory]
    [InlineData(0.1, 3)]
    [InlineData(3, 7)]
    [InlineData(24, 28)]
    public void Predictions_twice_too_high_are_cut_once_the_delays_are_learned(double meanHours, int fromDay)
    {
        List<double> needed = DueAtCut(meanHours, DelayPrior.Display, fromDay);
        Assert.True(needed[12] <= 40 && needed[^3] <= 90, string.Join(' ', needed.Select(n => $"{n:F0}")));
    }

    [Fact]
    public void Without_click_times_everything_counts_at_once()
    {
        int c = _bench.Open(Bench.Campaign());
        Win(_bench, "w1", 3, 0.1);
        Assert.True(Due(_bench, c, 0.2).Pending > 1.5);
        _bench.Apply(Bench.Conversion("k", hours: 0.2) with { OriginTicks = 0 }, 0.2);
        Assert.Equal((0, 0), Due(_bench, c, 0.25));
        _bench.Closer.Advance(c, Bench.At(25));
        Assert.Equal((0, 0), Due(_bench, c, 25));
    }

    [Fact]
    public void With_a_prior_of_no_delays_nothing_is_pending_to_the_last_bit()
    {
        using var bench = new Bench(new EngineOptions { Tick = TimeSpan.FromMinutes(30), Delays = DelayPrior.AtOnce });
        Play(bench, 3, 40, 1, _ => 0.001, 3, (_, _, pending, carried, _) => Assert.Equal((0, 0), (pending, carried)));
    }

    [Fact]
    public void Retractions_and_restatements_move_the_click_day()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Closer.Advance(c, Bench.At(50));
        _bench.Apply(Bench.Conversion("a", value: 3, clickHours: 5, hours: 49), 50);
        _bench.Apply(Bench.Conversion("b", value: 4, clickHours: 6, hours: 49), 50);
        _bench.Apply(Bench.Conversion("c", value: 9, hours: 49) with { OriginTicks = 0 }, 50);
        (int, long, long, long)[] Rows() => [.. Days(_bench, c, 50).Select(d => (d.Day, d.Version, d.Conversions, d.ConversionValueMicros))];
        Assert.Equal([(20250602, 2, 2, 7_000_000), (20250604, 1, 1, 9_000_000)], Rows());
        _bench.Apply(Bench.Conversion("a", EventKind.Restate, 2, value: 5, clickHours: 5, hours: 50), 50);
        _bench.Apply(Bench.Conversion("b", EventKind.Retract, 2, hours: 50), 50);
        Assert.Equal([(20250602, 4, 1, 5_000_000), (20250604, 1, 1, 9_000_000)], Rows());
        // A click that was older than first told: both days change.
        _bench.Apply(Bench.Conversion("a", EventKind.Restate, 3, value: 5, clickHours: -5, hours: 50), 50);
        Assert.Equal([(20250601, 1, 1, 5_000_000), (20250602, 5, 0, 0), (20250604, 1, 1, 9_000_000)], Rows());
        // Duplicates and outdated events change no version.
        _bench.Apply(Bench.Conversion("a", EventKind.Restate, 2, value: 8, clickHours: 5, hours: 50) with { Source = "shop" }, 50);
        Assert.Equal(5, Rows()[1].Item2);
    }

    [Fact]
    public void Closed_rows_change_only_as_a_new_version_and_the_oldest_leave()
    {
        int c = _bench.Open(Bench.Campaign());
        _bench.Apply(Bench.Conversion("a", clickHours: 5, hours: 6), 6);
        for (int day = 1; day <= 31; day++)
        {
            _bench.Closer.Advance(c, Bench.At(24 * day));
            _bench.Apply(Bench.Conversion($"d{day}", clickHours: 24 * day, hours: 24 * day), 24 * day);
        }

        List<ClickDayView> days = Days(_bench, c, 24 * 31 + 1);
        Assert.Equal((32, 20250602, true, false), (days.Count, days[0].Day, days[0].IsClosed, days[1].IsClosed));
        Assert.Equal((1L, 1.0), (days[0].Version, days[0].ExpectedFinalConversions));
        _bench.Apply(Bench.Conversion("late", clickHours: 7, hours: 24 * 31), 24 * 31);
        Assert.Equal((2L, 2L, true), (Days(_bench, c, 24 * 31 + 1)[0].Version, Days(_bench, c, 24 * 31 + 1)[0].Conversions, Days(_bench, c, 24 * 31 + 1)[0].IsClosed));
        _bench.Apply(Bench.Conversion("next", clickHours: 24 * 32, hours: 24 * 32), 24 * 32);
        Assert.Equal(20250603, Days(_bench, c, 24 * 32)[0].Day);
        // A click that fell out of the report still steers by its arrival.
        long today = _bench.Entry(c).Conversions;
        _bench.Apply(Bench.Conversion("older", clickHours: 7, hours: 24 * 32), 24 * 32);
        Assert.Equal((today + 1, 20250603), (_bench.Entry(c).Conversions, Days(_bench, c, 24 * 32)[0].Day));
    }

    [Fact]
    public void What_is_expected_in_the_end_comes()
    {
        double expected = 0, final = 0;
        for (int seed = 0; seed < 20; seed++)
        {
            using var bench = new Bench();
            int c = Play(bench, 20, 60, 0.8, r => Exponential(r, 20), seed, (_, _, _, _, _) => { });
            List<ClickDayView> days = Days(bench, c, 480);
            // The day that ended an hour ago: a good part of it is still to come.
            ClickDayView last = days[^2];
            Assert.True(last.Conversions < 0.75 * last.ExpectedFinalConversions, $"{last}");
            expected += last.ExpectedFinalConversions;
            final += 60 * 0.8;
        }

        Assert.Equal(1, expected / final, 0.08);
    }

    [Fact]
    public void Any_order_of_arrival_inside_a_day_gives_the_same_days_and_delays()
        => Prop.ForAll<(byte Id, byte Kind, byte Revision, byte Hours, byte Click)[], int>((raw, seed) =>
        {
            EngineEvent[] events = [.. raw.Select(r => Bench.Conversion(
                $"k{r.Id % 4}", (EventKind)((int)EventKind.Convert + r.Kind % 3), r.Revision % 3, value: r.Revision % 3 + r.Kind % 3, hours: 60 + r.Hours / 20.0)
                with { OriginTicks = r.Click % 5 == 0 ? 0 : Bench.At(59 - r.Click / 5.0) })
                .Select(e => e.Identified()).DistinctBy(e => e.Identity)];
            string Run(IEnumerable<EngineEvent> order)
            {
                using var bench = new Bench();
                int c = bench.Open(Bench.Campaign(), 49);
                bench.Closer.Advance(c, Bench.At(60));
                foreach (EngineEvent e in order) bench.Apply(e, 72);
                var days = Days(bench, c, 71).Select(d => (d.Day, d.Conversions, d.ConversionValueMicros)).Where(d => d is not (_, 0, 0));
                return string.Join(' ', days) + Due(bench, c, 71) + bench.Hash();
            }

            EngineEvent[] shuffled = [.. events];
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(Run(events), Run(shuffled));
        }).Check(Checks.Config.WithMaxTest(200));

    [Fact]
    public void A_snapshot_brings_back_days_delays_and_what_is_due()
    {
        int c = Play(_bench, 3, 40, 1, r => Exponential(r, 10), 5, (_, _, _, _, _) => { });
        _bench.Apply(Bench.Conversion("untimed", hours: 72) with { OriginTicks = 0 }, 72);
        List<CampaignState> stored = _bench.Save(c);
        using var other = new Bench();
        other.Book.Upsert(Bench.Campaign("earlier"));
        int copy = other.Book.Upsert(Bench.Campaign());
        other.Load(copy, stored);
        Assert.Equal(Days(_bench, c, 72.2), Days(other, copy, 72.2));
        Assert.Equal(Due(_bench, c, 72.2), Due(other, copy, 72.2));
        Assert.Equal(_bench.Save(c).Single().Blob, other.Save(copy).Single().Blob);
        // Both go on alike, over the next midnight too.
        foreach ((Bench bench, int index) in new[] { (_bench, c), (other, copy) })
        {
            bench.Apply(Bench.Conversion("k", clickHours: 40, hours: 73), 73);
            bench.Closer.Advance(index, Bench.At(97));
        }

        Assert.Equal(_bench.Save(c).Select(state => (state.Day, Convert.ToHexString(state.Blob))), other.Save(copy).Select(state => (state.Day, Convert.ToHexString(state.Blob))));
    }

    [Fact]
    public void A_campaign_without_conversions_or_wins_has_no_state_and_one_with_them_little()
    {
        Assert.Equal(32, Unsafe.SizeOf<ClickDay>());
        Assert.True(Unsafe.SizeOf<ConversionState>() <= 1300, $"{Unsafe.SizeOf<ConversionState>()}");
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<ConversionState>());
        long before = GC.GetAllocatedBytesForCurrentThread();
        var ledger = new ConversionLedger(DelayPrior.Display);
        for (int c = 0; c < 100_000; c++) ledger.Book.Prune(c, 0);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 100_000, $"{GC.GetAllocatedBytesForCurrentThread() - before}");
    }
}
