using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Ledger.Dedupe;

public sealed class SeenMemoryTests
{
    private const long Start = 639_000_000L * 1_000_000_000L / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour;

    private static readonly TimeSpan Window = TimeSpan.FromHours(72);

    private static long At(double hours) => Start + (long)(hours * TimeSpan.TicksPerHour);

    private static EngineEvent Foreign(int n, double hours, int partition = 0) => new()
    {
        Kind = EventKind.Bill,
        TenantId = "t1",
        CampaignId = "c1",
        Identity = Hashed($"f{n}"),
        TimeTicks = At(hours),
        Partition = partition,
    };

    private static EngineEvent Own(long lease, long seq, double hours, EventKind kind = EventKind.Bill, int partition = 0, string tenant = "t1") => new()
    {
        Kind = kind,
        TenantId = tenant,
        CampaignId = "c1",
        Lease = lease,
        Seq = seq,
        // Of the numbers too large for a bit the identity is asked.
        Identity = Hashed($"{tenant}|{lease}|{seq}|{kind}"),
        TimeTicks = At(hours),
        Partition = partition,
    };

    private static EventIdentity Hashed(string key)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        return new EventIdentity(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash, 8));
    }

    private static void Commit(SeenMemory memory, SeenStore store)
    {
        store.Apply(memory.Take());
    }

    private static SeenMemory Restore(SeenStore store, double nowHours)
    {
        var memory = new SeenMemory(Window);
        memory.Load(store.Blocks, At(nowHours));
        return memory;
    }

    [Fact]
    public void An_event_is_new_once_whatever_the_time_of_its_copy_says()
    {
        double[] times = [0, 1.5, -1, -5, -30, -60, 1, 0.5, 40];
        foreach (double first in times)
        {
            foreach (double second in times)
            {
                var memory = new SeenMemory(Window);
                Assert.True(memory.TryAdd(Foreign(1, first), At(0)));
                Assert.True(memory.TryAdd(Own(7, 3, first), At(0)));
                Assert.False(memory.TryAdd(Foreign(1, second), At(0)));
                Assert.False(memory.TryAdd(Own(7, 3, second), At(0)));
                Assert.True(memory.TryAdd(Foreign(2, second), At(0)));
                Assert.True(memory.TryAdd(Own(7, 4, second), At(0)));
                Assert.True(memory.TryAdd(Own(7, 3, second, EventKind.Win), At(0)));
                Assert.True(memory.TryAdd(Own(8, 3, second), At(0)));
                Assert.True(memory.TryAdd(Own(7, 3, second, tenant: "t2"), At(0)));
                Assert.True(memory.TryAdd(Own(7, 3, second, partition: 1), At(0)));
            }
        }
    }

    [Fact]
    public void It_is_remembered_until_the_window_after_the_latest_time_of_any_copy()
    {
        foreach (bool laterFirst in (bool[])[false, true])
        {
            var memory = new SeenMemory(Window);
            double[] times = laterFirst ? [20, 0] : [0, 20];
            foreach (double time in times)
            {
                memory.TryAdd(Foreign(1, time), At(20));
                memory.TryAdd(Own(7, 3, time), At(20));
            }

            memory.Prune(At(20.9 + 72));
            Assert.False(memory.TryAdd(Foreign(1, 20), At(20.9 + 72)));
            Assert.True(memory.Contains(Own(7, 3, 20)));
            memory.Prune(At(21 + 72));
            Assert.False(memory.Contains(Foreign(1, 20)));
            Assert.False(memory.Contains(Own(7, 3, 20)));
            Assert.Equal(0, memory.Count);
        }
    }

    [Fact]
    public void A_page_is_kept_whole_and_stored_anew_when_its_hour_rises()
    {
        var store = new SeenStore();
        var memory = new SeenMemory(Window);
        memory.TryAdd(Own(7, 3, 0), At(0));
        Commit(memory, store);
        memory.TryAdd(Own(7, 4, 10), At(10));
        Commit(memory, store);
        memory.Prune(At(74));
        Commit(memory, store);
        SeenMemory restored = Restore(store, 74);
        Assert.True(restored.Contains(Own(7, 3, 0)));
        Assert.Equal(SeenOracle.HashOf(memory), SeenOracle.HashOf(restored));
    }

    [Fact]
    public void Absurd_numbers_cost_a_page_or_an_identity_and_no_more()
    {
        var memory = new SeenMemory(Window);
        foreach (long seq in (long[])[1L << 60, long.MaxValue, 1L << 32, (1L << 32) - 1, 0])
        {
            Assert.True(memory.TryAdd(Own(long.MaxValue, seq, 0), At(0)));
            Assert.False(memory.TryAdd(Own(long.MaxValue, seq, 0), At(0)));
        }

        Assert.Equal((2, 5), (memory.Figures.OwnBids, memory.Count));
        Assert.InRange(memory.Figures.OwnBidBytes, 1, 64 * 1024);
    }

    [Fact]
    public void A_sealed_hour_becomes_one_blob_and_no_commit_rewrites_more_than_one_hour()
    {
        var store = new SeenStore();
        var memory = new SeenMemory(Window);
        int n = 0;
        for (int hour = 0; hour < 3; hour++)
        {
            for (int commit = 0; commit < 10; commit++)
            {
                memory.TryAdd(Foreign(n, hour), At(hour));
                memory.TryAdd(Own(7, n++ * 512L, hour), At(hour));
                Commit(memory, store);
            }
        }

        Assert.Equal(60, store.Count);
        memory.Prune(At(30));
        for (int commits = 0; commits < 3; commits++)
        {
            SeenChanges changes = memory.Take();
            Assert.Equal(2, changes.Replaced.Count);
            Assert.Empty(changes.Appended);
            store.Apply(changes);
        }

        Assert.False(memory.HasPending);
        Assert.Equal(6, store.Count);
        Assert.Equal(SeenOracle.HashOf(memory), SeenOracle.HashOf(Restore(store, 30)));
        memory.Prune(At(500));
        Commit(memory, store);
        Assert.Equal((0, 0), (store.Count, memory.Count));
    }

    [Fact]
    public void A_backlog_of_old_hours_is_sealed_as_it_comes()
    {
        var memory = new SeenMemory(Window);
        for (int i = 0; i < 200_000; i++) Assert.True(memory.TryAdd(Foreign(i, -40 + i / 10_000), At(0)));
        Assert.True(memory.Figures.Sealed > 100_000);
        for (int i = 0; i < 200_000; i++) Assert.False(memory.TryAdd(Foreign(i, -3), At(0)));
        SeenFigures figures = memory.Figures;
        Assert.InRange((double)figures.FilterBytes / figures.Sealed, 1.4, 1.6);
    }

    [Fact]
    public void Filters_say_yes_to_less_than_one_stranger_in_a_hundred()
    {
        var memory = new SeenMemory(Window);
        for (int i = 0; i < 300_000; i++) memory.TryAdd(Foreign(i, i % 20), At(19));
        memory.Prune(At(30));
        Assert.Equal(300_000, memory.Figures.Sealed);
        long before = memory.Figures.FalsePositives;
        for (int i = 300_000; i < 500_000; i++) Assert.False(memory.Contains(Foreign(i, 0)));
        // The twenty hours lie in two days at most: two filters are asked.
        Assert.InRange(memory.Figures.FalsePositives - before, 1, 200_000 / 100);
    }

    [Fact]
    public void A_damaged_block_is_named()
    {
        var store = new SeenStore();
        var memory = new SeenMemory(Window);
        memory.TryAdd(Foreign(1, 0, partition: 3), At(0));
        memory.TryAdd(Own(7, 1, 0, partition: 3), At(0));
        memory.TryAdd(Own(7, 900, -1, partition: 3), At(0));
        Commit(memory, store);
        foreach (SeenBlock block in store.Blocks)
        {
            for (int length = 0; length < block.Blob.Length; length++) Refused(block with { Blob = block.Blob[..length] });
            for (int bit = 0; bit < 8 * block.Blob.Length; bit++)
            {
                byte[] damaged = [.. block.Blob];
                damaged[bit / 8] ^= (byte)(1 << bit % 8);
                Refused(block with { Blob = damaged });
            }

            Refused(block with { Kind = (SeenKind)77 });
            Refused(block with { Key = -1 });
        }

        static void Refused(SeenBlock block)
        {
            string message = Assert.Throws<InvalidDataException>(() => new SeenMemory(Window).Load([block], At(0))).Message;
            Assert.Contains($"partition 3, {block.Kind}, key {block.Key}", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_partition_goes_and_comes_back_as_a_whole()
    {
        var store = new SeenStore();
        var memory = new SeenMemory(Window);
        for (int p = 0; p < 3; p++) memory.TryAdd(Foreign(1, 0, p), At(0));
        Commit(memory, store);
        memory.TryAdd(Foreign(2, 0, 1), At(0));
        memory.Drop(1);
        Assert.False(memory.HasPending);
        Assert.Equal(2, memory.Count);
        memory.Load(store.Blocks.Where(block => block.Partition == 1), At(0));
        Assert.False(memory.TryAdd(Foreign(1, 0, 1), At(0)));
        Assert.True(memory.TryAdd(Foreign(2, 0, 1), At(0)));
    }

    [Fact]
    public void Random_streams_agree_with_a_plain_set()
        => Prop.ForAll<int, int[]>((seed, lengths) => Play(new Random(seed), Math.Min(40 + 8 * lengths.Length, 400)))
            .Check(Checks.Config.WithMaxTest(120).WithEndSize(60));

    /// <summary>Adds with duplicates, other times, late and future ones; ticks; commits; restores; partitions that go and come.</summary>
    private static void Play(Random random, int steps)
    {
        var store = new SeenStore();
        var memory = new SeenMemory(Window);
        var oracle = new SeenOracle(Window);
        SeenOracle committed = oracle.Copy();
        var sent = new List<EngineEvent>();
        double now = 0;
        for (int step = 0; step < steps; step++)
        {
            switch (random.Next(20))
            {
                case 0:
                    now += random.Next(4) switch { 0 => 30 * random.NextDouble(), 1 => 3 * random.NextDouble(), _ => 0.5 };
                    memory.Prune(At(now));
                    oracle.Prune(At(now));
                    break;
                case 1 or 2 or 3:
                    store.Apply(memory.Take());
                    committed = oracle.Copy();
                    break;
                case 4 when random.Next(2) == 0:
                    memory = Restore(store, now);
                    oracle = committed.Copy();
                    memory.Prune(At(now));
                    oracle.Prune(At(now));
                    break;
                case 5 when random.Next(3) == 0:
                    int moved = random.Next(3);
                    memory.Drop(moved);
                    oracle.Drop(moved);
                    memory.Load(store.Blocks.Where(block => block.Partition == moved), At(now));
                    oracle.TakeFrom(committed, partition => partition == moved);
                    memory.Prune(At(now));
                    oracle.Prune(At(now));
                    break;
                default:
                    for (int i = random.Next(30); i >= 0; i--)
                    {
                        EngineEvent e = Next(random, sent, now);
                        // What is older than the window goes to the dead letters before anybody asks.
                        if (e.TimeTicks + Window.Ticks <= At(now)) continue;
                        Assert.Equal(oracle.TryAdd(e), memory.TryAdd(e, At(now)));
                    }

                    break;
            }
        }

        Assert.Equal(oracle.Hash(At(now)), SeenOracle.HashOf(memory));
        store.Apply(memory.Take());
        SeenMemory restored = Restore(store, now);
        restored.Prune(At(now));
        Assert.Equal(SeenOracle.HashOf(memory), SeenOracle.HashOf(restored));
    }

    private static EngineEvent Next(Random random, List<EngineEvent> sent, double now)
    {
        double hours = now + random.Next(8) switch { 0 => -90 * random.NextDouble(), 1 => -4 * random.NextDouble(), 2 => 60 * random.NextDouble(), _ => -random.NextDouble() };
        if (sent.Count > 0 && random.Next(3) == 0)
        {
            EngineEvent copy = sent[random.Next(sent.Count)];
            return random.Next(2) == 0 ? copy : copy with { TimeTicks = Math.Max(0, At(hours)) };
        }

        int partition = random.Next(3);
        EngineEvent e = random.Next(2) == 0
            ? Foreign(random.Next(1 << 20), hours, partition)
            : Own(1 + random.Next(3), random.Next(10) switch { 0 => 1L << 60, 1 => random.Next(1 << 20), _ => random.Next(1500) }, hours, (EventKind)random.Next(3), partition, $"t{random.Next(2)}");
        sent.Add(e);
        return e;
    }
}
