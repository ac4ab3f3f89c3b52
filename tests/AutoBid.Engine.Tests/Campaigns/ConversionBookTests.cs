using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Events;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Campaigns;

public sealed class ConversionBookTests
{
    private static readonly EventIdentity Key = new(1, 2);

    private static (bool Applied, int Conversions, long Value) Apply(ConversionBook book, EventKind kind, long revision, long value, long time = 0)
        => (book.TryApply(Key, kind, revision, value, time, out int conversions, out long micros), conversions, micros);

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
        Assert.Equal((false, 0, 0), Apply(book, EventKind.Convert, 1, 500));
        Assert.Equal((true, 1, 70), Apply(book, EventKind.Restate, 3, 70));
        Assert.Equal((false, 0, 0), Apply(book, EventKind.Restate, 2, 900));
    }

    [Fact]
    public void The_order_of_arrival_does_not_matter()
        => Prop.ForAll<(byte Kind, byte Revision, ushort Value)[], int>((raw, seed) =>
        {
            // Of one kind and revision only one exists: others would be duplicates, which never get here.
            var events = raw.DistinctBy(e => (e.Kind % 3, e.Revision % 4)).Select(e => ((EventKind)((int)EventKind.Convert + e.Kind % 3), (long)(e.Revision % 4), (long)e.Value)).ToArray();
            (long, long) Sum(IEnumerable<(EventKind, long, long)> order)
            {
                var book = new ConversionBook();
                long conversions = 0, value = 0;
                foreach ((EventKind kind, long revision, long micros) in order)
                {
                    (_, int c, long v) = Apply(book, kind, revision, micros);
                    conversions += c;
                    value += v;
                }

                return (conversions, value);
            }

            var shuffled = events.ToArray();
            new Random(seed).Shuffle(shuffled);
            return Sum(events) == Sum(shuffled);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Fact]
    public void What_is_old_is_forgotten()
    {
        var book = new ConversionBook();
        Apply(book, EventKind.Convert, 1, 500, time: 100);
        book.Prune(100);
        Assert.Equal(1, book.Count);
        book.Prune(101);
        Assert.Equal(0, book.Count);
    }

    [Fact]
    public void It_survives_a_snapshot()
    {
        var book = new ConversionBook();
        Apply(book, EventKind.Retract, 5, 0, 77);
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, true)) book.Write(writer);
        stream.Position = 0;
        var copy = new ConversionBook();
        var reader = new BinaryReader(stream);
        copy.Read(reader, reader.ReadInt32());
        Assert.Equal((false, 0, 0), Apply(copy, EventKind.Restate, 5, 900));
        Assert.Equal((true, 1, 900), Apply(copy, EventKind.Restate, 6, 900));
    }
}
