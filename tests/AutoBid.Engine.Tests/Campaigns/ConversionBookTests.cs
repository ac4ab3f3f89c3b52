using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Conversions;
using AutoBid.Engine.Events;
using AutoBid.Engine.Tests.Fakes;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Campaigns;

public sealed class ConversionBookTests
{
    private static readonly EventIdentity Key = new(1, 2);

    private static EngineEvent Event(EventKind kind, long revision, long value, double hours = 10, double clickHours = 0)
        => Bench.Conversion("k", kind, revision, hours: hours) with { ValueMicros = value, OriginTicks = clickHours > 0 ? Bench.At(clickHours) : 0 };

    private static (bool Applied, int Conversions, long Value) Apply(ConversionBook book, EventKind kind, long revision, long value, double hours = 10)
        => (book.TryApply(0, Key, Event(kind, revision, value, hours), Bench.Day, out ConversionChange change), change.Conversions, change.ValueMicros);

    [Fact]
    public void Convert_restate_retract()
    {
        var book = new ConversionBook();
        Assert.Equal((true, 1, 500), Apply(book, EventKind.Convert, 1, 500));
        Assert.Equal((true, 0, -200), Apply(book, EventKind.Restate, 2, 300));
        Assert.Equal((true, -1, -300), Apply(book, EventKind.Retract, 3, 0));
        Assert.Equal((true, 1, 40), Apply(book, EventKind.Restate, 4, 40));
        Assert.Equal(1, book.Count);
    }

    [Fact]
    public void Older_revisions_change_nothing()
    {
        var book = new ConversionBook();
        Assert.Equal((true, 0, 0), Apply(book, EventKind.Retract, 2, 0));
        Assert.Equal((true, 1, 70), Apply(book, EventKind.Restate, 3, 70));
        Assert.Equal((false, 0, 0), Apply(book, EventKind.Restate, 2, 900));
        Assert.Equal((false, 0, 0), Apply(book, EventKind.Convert, 1, 500));
    }

    [Fact]
    public void Click_and_arrival_are_the_earliest_that_any_event_names()
    {
        var book = new ConversionBook();
        book.TryApply(0, Key, Event(EventKind.Restate, 2, 5, hours: 12), 20250602, out ConversionChange first);
        Assert.Equal(new ConversionMark(true, 5, 20250602, false, 0), first.After);
        // The conversion itself comes after its restatement: its value is outdated, its click is news.
        Assert.True(book.TryApply(0, Key, Event(EventKind.Convert, 1, 9, hours: 10, clickHours: 7), 20250601, out ConversionChange second));
        Assert.Equal(new ConversionMark(true, 5, 20250601, true, TimeSpan.FromHours(3).Ticks), second.After);
        Assert.Equal((0, 0L), (second.Conversions, second.ValueMicros));
        // A retraction says nothing of them.
        Assert.True(book.TryApply(0, Key, Event(EventKind.Retract, 3, 0, hours: 2, clickHours: 1), 20250520, out ConversionChange third));
        Assert.Equal((-1, -5L, 20250601), (third.Conversions, third.ValueMicros, third.Before.ClickDay));
    }

    [Fact]
    public void The_order_of_arrival_does_not_matter()
        => Prop.ForAll<(byte Kind, byte Revision, byte Hours, ushort Value)[], int>((raw, seed) =>
        {
            // Of one kind and revision only one exists: others would be duplicates, which never get here.
            EngineEvent[] events = [.. raw.DistinctBy(e => (e.Kind % 3, e.Revision % 4)).Select(
                e => Event((EventKind)((int)EventKind.Convert + e.Kind % 3), e.Revision % 4, e.Value, 10 + e.Hours / 20, e.Hours % 20))];
            (long, long, ConversionMark) Sum(IEnumerable<EngineEvent> order)
            {
                var book = new ConversionBook();
                long conversions = 0, value = 0;
                ConversionMark last = default;
                foreach (EngineEvent e in order)
                {
                    int day = 20250601 + (int)((e.OriginTicks > 0 ? e.OriginTicks : e.TimeTicks) % 5);
                    book.TryApply(0, Key, e, day, out ConversionChange change);
                    Assert.Equal(last.Counts, change.Before.Counts);
                    conversions += change.Conversions;
                    value += change.ValueMicros;
                    last = change.After;
                }

                return (conversions, value, last);
            }

            var shuffled = events.ToArray();
            new Random(seed).Shuffle(shuffled);
            return Sum(events) == Sum(shuffled);
        }).Check(Checks.Config.WithMaxTest(1000));

    [Fact]
    public void What_is_old_is_forgotten()
    {
        var book = new ConversionBook();
        Apply(book, EventKind.Convert, 1, 500, hours: 3);
        book.Prune(0, Bench.At(3));
        Assert.Equal(1, book.Count);
        book.Prune(1, long.MaxValue);
        Assert.Equal(1, book.Count);
        book.Prune(0, Bench.At(3) + 1);
        Assert.Equal((0, 0), (book.Count, book.CountOf(0)));
    }

    [Fact]
    public void Campaigns_do_not_share_ids()
    {
        var book = new ConversionBook();
        Assert.True(book.TryApply(3, Key, Event(EventKind.Convert, 1, 5), Bench.Day, out ConversionChange mine));
        Assert.True(book.TryApply(70_000, Key, Event(EventKind.Convert, 1, 5), Bench.Day, out ConversionChange other));
        Assert.Equal((1, 1), (mine.Conversions, other.Conversions));
        book.Prune(3, long.MaxValue);
        Assert.Equal((0, 1), (book.CountOf(3), book.CountOf(70_000)));
    }

    /// <summary>The table against a dictionary, with growth, removal and reuse of entries.</summary>
    [Fact]
    public void Many_conversions_of_many_campaigns_come_and_go()
    {
        var random = new Random(5);
        var book = new ConversionBook();
        var oracle = new Dictionary<(int Campaign, EventIdentity Key), (long Revision, double Hours)>();
        for (int i = 0; i < 60_000; i++)
        {
            int campaign = random.Next(20);
            if (i % 5_000 == 4_999)
            {
                double before = random.NextDouble() * 100;
                book.Prune(campaign, Bench.At(before));
                foreach (var key in oracle.Where(pair => pair.Key.Campaign == campaign && Bench.At(pair.Value.Hours) < Bench.At(before)).Select(pair => pair.Key).ToList())
                    oracle.Remove(key);
            }

            var id = ((int)campaign, new EventIdentity((ulong)random.Next(900), (ulong)random.Next(3)));
            long revision = random.Next(1, 1000);
            double hours = random.NextDouble() * 100;
            bool newer = !oracle.TryGetValue(id, out var known) || revision > known.Revision;
            bool applied = book.TryApply(campaign, id.Item2, Event(EventKind.Restate, revision, 1, hours), Bench.Day, out ConversionChange change);
            Assert.True(applied || !newer);
            Assert.Equal(oracle.ContainsKey(id) ? 0 : 1, change.Conversions);
            if (newer) oracle[id] = (revision, hours);
        }

        Assert.Equal(oracle.Count, book.Count);
        for (int c = 0; c < 20; c++) Assert.Equal(oracle.Keys.Count(key => key.Campaign == c), book.CountOf(c));
    }

    [Fact]
    public void It_survives_a_snapshot()
    {
        var book = new ConversionBook();
        Apply(book, EventKind.Retract, 5, 0, 77);
        book.TryApply(0, new EventIdentity(7, 7), Event(EventKind.Convert, 1, 8, 12, clickHours: 9), 20250531, out _);
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, true)) book.Write(0, writer);
        stream.Position = 0;
        var copy = new ConversionBook();
        copy.Read(0, new BinaryReader(stream));
        // Outdated by the retraction; that there was a click day is news.
        Assert.Equal((true, 0, 0), Apply(copy, EventKind.Convert, 5, 900, hours: 99));
        Assert.Equal((true, 1, 900), Apply(copy, EventKind.Restate, 6, 900));
        copy.TryApply(0, new EventIdentity(7, 7), Event(EventKind.Retract, 2, 0), Bench.Day, out ConversionChange change);
        Assert.Equal(new ConversionMark(true, 8, 20250531, true, TimeSpan.FromHours(3).Ticks), change.Before);
    }
}
