using System.Text;
using AutoBid.Core.Time;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;

namespace AutoBid.Streaming.Tests.Embedded;

public sealed class EmbeddedEventLogTests : IDisposable
{
    private static readonly byte[] Magic = [0xFF, (byte)'A', (byte)'B', (byte)'R'];

    private readonly TempFolder _folder = new();
    private readonly ListLogger<EmbeddedEventLog> _logger = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Appends_from_many_threads_are_all_there_and_ordered_within_each_campaign()
    {
        await using (EmbeddedEventLog log = Open())
        {
            await log.StartAsync([], default);
            await Task.WhenAll(Enumerable.Range(0, 32).Select(writer => Task.Run(async () =>
            {
                for (int i = 0; i < 50; i++) await log.AppendAsync(new[] { TestEvents.Bill("campaign-" + writer, i) }, default);
            })));
            AssertComplete(await log.ReadToEndAsync(batch: 37));
        }

        await using EmbeddedEventLog again = Open();
        Assert.Equal(0, again.TornBytes);
        await again.StartAsync([], default);
        AssertComplete(await again.ReadToEndAsync());

        static void AssertComplete(List<EngineEvent> events)
        {
            Assert.Equal(1600, events.Count);
            foreach (IGrouping<string, EngineEvent> campaign in events.GroupBy(e => e.CampaignId))
            {
                Assert.Equal(Enumerable.Range(0, 50).Select(i => 1000L + i), campaign.Select(e => e.AmountNanos));
                Assert.All(campaign, e => Assert.Equal(Murmur2.Partition(e.CampaignId, 4), e.Partition));
            }

            foreach (IGrouping<int, EngineEvent> partition in events.GroupBy(e => e.Partition))
                Assert.Equal(Enumerable.Range(0, partition.Count()).Select(i => (long)i), partition.Select(e => e.Offset));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(200)]
    public async Task A_torn_tail_is_cut_off_said_and_written_over(int cut)
    {
        await using (EmbeddedEventLog log = Open())
            for (int i = 0; i < 10; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
        string path = Segments().Single();
        using (FileStream file = File.OpenWrite(path)) file.SetLength(file.Length - cut);

        await using (EmbeddedEventLog log = Open())
        {
            Assert.True(log.TornBytes > 0);
            Assert.Contains(_logger.Lines, line => line.Text.Contains("cut off", StringComparison.Ordinal));
            await log.AppendAsync(new[] { TestEvents.Bill("c1", 77) }, default);
            await log.StartAsync([], default);
            List<EngineEvent> events = await log.ReadToEndAsync();
            Assert.Equal([.. Enumerable.Range(0, 9).Select(i => 1000L + i), 1077L], events.Select(e => e.AmountNanos));
            Assert.Equal(9, events[^1].Offset);
        }

        await using EmbeddedEventLog again = Open();
        Assert.Equal(0, again.TornBytes);
    }

    [Fact]
    public async Task A_damaged_record_that_is_yet_to_be_read_is_refused_until_its_loss_is_accepted()
    {
        await using (EmbeddedEventLog log = Open())
            for (int i = 0; i < 10; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
        string path = Segments().Single();
        byte[] bytes = await File.ReadAllBytesAsync(path);
        int at = bytes.AsSpan().IndexOf("auction-4"u8);
        bytes[at] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        await using (EmbeddedEventLog again = Open())
        {
            await again.StartAsync([], default);
            var refused = await Assert.ThrowsAsync<InvalidDataException>(() => again.ReadToEndAsync());
            Assert.Contains(path, refused.Message, StringComparison.Ordinal);
            Assert.Contains("--accept-log-damage", refused.Message, StringComparison.Ordinal);

            // What was read before the damage came is in the ledger.
            int partition = Murmur2.Partition("c1", again.Partitions);
            await again.StartAsync([new PartitionOffset(Topic.Spend, partition, 6)], default);
            Assert.Equal([6, 7, 8, 9], (await again.ReadToEndAsync()).Select(e => e.Offset));
        }

        await using EmbeddedEventLog accepting = Open(Options with { AcceptDamage = true });
        await accepting.AppendAsync(new[] { TestEvents.Bill("c1", 10) }, default);
        await accepting.StartAsync([], default);
        Assert.Equal([0, 1, 2, 3, 5, 6, 7, 8, 9, 10], (await accepting.ReadToEndAsync()).Select(e => e.Offset));
        Assert.Contains(_logger.Lines, line => line.Text.Contains("damaged bytes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damage_at_the_end_of_a_segment_that_was_left_is_refused()
    {
        EventLogOptions small = Options with { SegmentBytes = 1000 };
        await using (EmbeddedEventLog log = Open(small))
            for (int i = 0; i < 20; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
        string first = Segments().Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(first);
        bytes[^3] ^= 1;
        await File.WriteAllBytesAsync(first, bytes);

        await using EmbeddedEventLog again = Open(small);
        await again.StartAsync([], default);
        var refused = await Assert.ThrowsAsync<InvalidDataException>(() => again.ReadToEndAsync());
        Assert.Contains(first, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_length_field_does_not_hide_what_follows()
    {
        await using (EmbeddedEventLog log = Open())
            for (int i = 0; i < 5; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
        string path = Segments().Single();
        byte[] bytes = await File.ReadAllBytesAsync(path);
        int second = bytes.AsSpan().IndexOf(Magic) + 1;
        second += bytes.AsSpan(second).IndexOf(Magic);
        bytes[second + 5] = 0x0F;
        await File.WriteAllBytesAsync(path, bytes);

        await using EmbeddedEventLog again = Open(Options with { AcceptDamage = true });
        await again.StartAsync([], default);
        Assert.Equal([0, 2, 3, 4], (await again.ReadToEndAsync()).Select(e => e.Offset));
    }

    [Fact]
    public async Task Reading_goes_on_from_given_offsets_across_segments_and_restarts()
    {
        EventLogOptions options = Options with { SegmentBytes = 4096 };
        string[] campaigns = [.. Enumerable.Range(0, 8).Select(i => "c" + i)];
        IReadOnlyList<PartitionOffset> middle;
        var first = new List<EngineEvent>();
        await using (EmbeddedEventLog log = Open(options))
        {
            for (int i = 0; i < 40; i++) await log.AppendAsync(campaigns.Select(campaign => TestEvents.Bill(campaign, i)).ToArray(), default);
            await log.StartAsync([], default);
            var buffer = new EngineEvent[7];
            while (first.Count < 150) first.AddRange(buffer.Take(await log.ReadAsync(buffer, TimeSpan.Zero, default)));
            middle = log.Position;
        }

        Assert.True(Segments().Count > 3);
        await using EmbeddedEventLog again = Open(options);
        await again.StartAsync(middle, default);
        Assert.Equal(middle, again.Position);
        List<EngineEvent> rest = await again.ReadToEndAsync();
        Assert.Equal(320, first.Count + rest.Count);
        Assert.Equal(320, first.Concat(rest).Select(e => (e.CampaignId, e.AmountNanos)).Distinct().Count());
        Assert.Equal(await again.EndOffsetsAsync(default), again.Position);
    }

    [Fact]
    public async Task Offsets_that_the_log_cannot_have_are_refused()
    {
        await using EmbeddedEventLog log = Open();
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 0) }, default);
        int partition = Murmur2.Partition("c1", 4);
        await Assert.ThrowsAsync<InvalidDataException>(async () => await log.StartAsync([new(Topic.Spend, partition, 2)], default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await log.StartAsync([new(Topic.Spend, 4, 0)], default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await log.StartAsync([new("autobid.decisions", 0, 0)], default));
        await log.StartAsync([new(Topic.Spend, partition, 1)], default);
        Assert.Equal(0, await log.ReadAsync(new EngineEvent[1], TimeSpan.Zero, default));
    }

    [Fact]
    public async Task What_cannot_be_parsed_goes_to_the_dead_letters_once_and_reading_goes_on()
    {
        await using EmbeddedEventLog log = Open();
        await log.StartAsync([], default);
        byte[] bad = Encoding.UTF8.GetBytes("""{"v":1,"kind":"bill","campaign":"c1","priceNanos":-5,"exchange":"adx","ip":"203.0.113.9","source":"jane@example.org","via":"burl","time":"2026-03-01T12:00:00Z"}""");
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 0) }, default);
        await log.AppendRawAsync(Topic.Spend, "c1"u8.ToArray(), bad, default);
        await log.AppendRawAsync(Topic.Spend, "c1"u8.ToArray(), "}"u8.ToArray(), default);
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 1) }, default);

        Assert.Equal([0L, 3L], (await log.ReadToEndAsync()).Select(e => e.Offset));
        LogRecord[] dead = [.. log.Scan(Topic.Dead(Topic.Spend))];
        Assert.Equal(2, dead.Length);
        string letter = Encoding.UTF8.GetString(dead[0].Payload);
        Assert.Contains("\"reason\":\"priceNanos: must lie in 0..1000000000000000000\"", letter, StringComparison.Ordinal);
        Assert.Contains("\"offset\":1", letter, StringComparison.Ordinal);
        Assert.Contains("\"priceNanos\":-5", letter, StringComparison.Ordinal);
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bad)), letter, StringComparison.Ordinal);
        Assert.DoesNotContain("203.0.113.9", letter, StringComparison.Ordinal);
        Assert.DoesNotContain("jane", letter, StringComparison.Ordinal);

        EngineEvent late = TestEvents.Bill("c9", 3);
        await log.RejectAsync([new RejectedEvent(late, "too-old")], default);
        Assert.Contains("too-old", Encoding.UTF8.GetString(log.Scan(Topic.Dead(Topic.Spend)).Last().Payload), StringComparison.Ordinal);
        await ((IDeadLetterLog)log).DeadLetterAsync(DeadLetter.Of(Topic.Conversions, -1, -1, "too-old", "too-old", "{}"u8), default);
        Assert.Single(log.Scan(Topic.Dead(Topic.Conversions)));
    }

    [Fact]
    public async Task A_full_disk_refuses_appends_keeps_what_was_acknowledged_and_recovers_by_itself()
    {
        bool full = false;
        await using (var log = new EmbeddedEventLog(Options, new CampaignNames(), _logger, TimeProvider.System, path => new FaultyFile(path, () => Volatile.Read(ref full))))
        {
            await log.StartAsync([], default);
            await log.AppendAsync(new[] { TestEvents.Bill("c1", 0) }, default);
            Volatile.Write(ref full, true);
            for (int i = 1; i < 4; i++)
                await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(Enumerable.Repeat(TestEvents.Bill("c1", i), 5).ToArray(), default));
            Assert.False(log.IsAvailable);
            Assert.Equal([1000L], (await log.ReadToEndAsync()).Select(e => e.AmountNanos));

            Volatile.Write(ref full, false);
            Assert.True(SpinWait.SpinUntil(() => log.IsAvailable, TimeSpan.FromSeconds(30)), "no append, yet the log must notice that the disk has room");
            await log.AppendAsync(new[] { TestEvents.Bill("c1", 9) }, default);
            Assert.Equal([1009L], (await log.ReadToEndAsync()).Select(e => e.AmountNanos));
        }

        await using EmbeddedEventLog again = Open();
        await again.StartAsync([], default);
        List<EngineEvent> events = await again.ReadToEndAsync();
        Assert.Equal([1000L, 1009L], events.Select(e => e.AmountNanos));
        Assert.Equal([0L, 1L], events.Select(e => e.Offset));
    }

    [Fact]
    public async Task A_dead_letter_that_cannot_be_written_stops_the_position()
    {
        bool full = false;
        await using var log = new EmbeddedEventLog(Options, new CampaignNames(), _logger, TimeProvider.System, path => new FaultyFile(path, () => Volatile.Read(ref full)));
        await log.StartAsync([], default);
        await log.AppendRawAsync(Topic.Spend, "c1"u8.ToArray(), "?"u8.ToArray(), default);
        Volatile.Write(ref full, true);
        await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.ReadAsync(new EngineEvent[4], TimeSpan.Zero, default));
        Assert.All(log.Position, offset => Assert.Equal(0, offset.NextOffset));
        Volatile.Write(ref full, false);
        Assert.Equal(0, await log.ReadAsync(new EngineEvent[4], TimeSpan.Zero, default));
        Assert.Contains(log.Position, offset => offset.NextOffset == 1);
        Assert.Single(log.Scan(Topic.Dead(Topic.Spend)));
    }

    [Fact]
    public async Task Retention_deletes_read_segments_only_and_a_reader_from_before_starts_at_what_is_left()
    {
        EventLogOptions options = Options with { SegmentBytes = 4096, RetainBytes = 10_000 };
        await using (EmbeddedEventLog log = Open(options))
        {
            for (int i = 0; i < 100; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
            int all = Segments().Count;
            await log.StartAsync([], default);
            await log.AppendAsync(new[] { TestEvents.Bill("c1", 100) }, default);
            Assert.Equal(all, Segments().Count);
            Assert.Equal(101, (await log.ReadToEndAsync()).Count);
            // Retention follows each commit: that of the first append is done when the second one is answered.
            for (int i = 101; i < 103; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
            Assert.True(Segments().Count is > 1 and < 5);
        }

        await using EmbeddedEventLog again = Open(options);
        await again.StartAsync([new(Topic.Spend, Murmur2.Partition("c1", 4), 1)], default);
        List<EngineEvent> left = await again.ReadToEndAsync();
        Assert.Equal(102, left[^1].Offset);
        Assert.True(left[0].Offset > 1);
        Assert.Contains(_logger.Lines, line => line.Text.Contains("are gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Old_segments_go_by_age_of_the_clock_given()
    {
        var time = new VirtualTime(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero));
        EventLogOptions options = Options with { SegmentBytes = 4096, RetainAge = TimeSpan.FromHours(1) };
        await using var log = new EmbeddedEventLog(options, new CampaignNames(), _logger, time);
        await log.StartAsync([], default);
        for (int i = 0; i < 40; i++) await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
        await log.ReadToEndAsync();
        int before = Segments().Count;
        time.TryAdvanceTo(time.GetUtcNow().AddHours(2));
        for (int i = 40; i < 60; i++)
        {
            await log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default);
            await log.ReadToEndAsync();
        }

        await log.AppendAsync(new[] { TestEvents.Bill("c1", 60) }, default);
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 61) }, default);
        Assert.True(before > 2);
        Assert.DoesNotContain(Segments(), path => path.EndsWith("000.log", StringComparison.Ordinal) || path.EndsWith("001.log", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Decisions_are_published_to_both_topics()
    {
        await using EmbeddedEventLog log = Open();
        await log.PublishAsync(
            [
                new DecisionRecord
                {
                    TenantId = "default", CampaignId = "c1", Day = 20260301, Step = 1, Tick = 2, TimeTicks = TestEvents.Noon, Policy = "mpc", Model = "mpc", Reasons = [],
                    RawMultiplier = 1, Multiplier = 1, SafeMultiplier = 1, Reference = 1, BidFloorNanos = 0, BidCapNanos = 0, SpentNanos = 0, BudgetNanos = 1,
                    Conversions = 0, ConversionValue = 0, ExpiresTicks = TestEvents.Noon, Version = 3, LatencyMs = 0.5,
                },
            ],
            default);
        LogRecord decision = Assert.Single(log.Scan(Topic.Decisions));
        Assert.True(DecisionReader.TryRead(decision.Payload, out DecisionRecord? read, out string error), error);
        Assert.Equal(3, read!.Version);
        Assert.Equal("c1", Encoding.UTF8.GetString(Assert.Single(log.Scan(Topic.Multipliers)).Key));
        await log.StartAsync([], default);
        Assert.Equal(0, await log.ReadAsync(new EngineEvent[1], TimeSpan.Zero, default));
    }

    [Fact]
    public async Task A_waiting_reader_wakes_when_something_is_appended()
    {
        await using EmbeddedEventLog log = Open();
        await log.StartAsync([], default);
        var buffer = new EngineEvent[1];
        Task<int> reading = log.ReadAsync(buffer, TimeSpan.FromSeconds(60), default).AsTask();
        Assert.False(reading.IsCompleted);
        await log.AppendAsync(new[] { TestEvents.Bill("c1", 5) }, default);
        Assert.Equal(1, await reading.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal(1005, buffer[0].AmountNanos);

        using var cancel = new CancellationTokenSource();
        Task<int> cancelled = log.ReadAsync(buffer, TimeSpan.FromSeconds(60), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task Callers_wait_when_the_queue_is_full_and_lose_nothing()
    {
        await using EmbeddedEventLog log = Open(Options with { QueueCapacity = 1 });
        await log.StartAsync([], default);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => log.AppendAsync(new[] { TestEvents.Bill("c1", i) }, default).AsTask()));
        Assert.Equal(200, (await log.ReadToEndAsync()).Count);
    }

    [Fact]
    public async Task An_event_that_could_not_be_read_back_is_refused_and_nothing_of_its_batch_appended()
    {
        await using EmbeddedEventLog log = Open();
        await log.StartAsync([], default);
        EngineEvent unreadable = TestEvents.Bill("c1", 1);
        unreadable.AmountNanos = -1;
        await Assert.ThrowsAsync<ArgumentException>(async () => await log.AppendAsync(new[] { TestEvents.Bill("c1", 0), unreadable }, default));
        Assert.All(await log.EndOffsetsAsync(default), end => Assert.Equal(0, end.NextOffset));
    }

    [Fact]
    public async Task One_process_has_the_log_and_its_partition_count_stays()
    {
        await using (EmbeddedEventLog log = Open(Options with { Partitions = 6 }))
        {
            Assert.Throws<IOException>(() => Open());
            Assert.Equal(6, log.Partitions);
        }

        await using EmbeddedEventLog again = Open();
        Assert.Equal(6, again.Partitions);
    }

    [Fact]
    public async Task A_segment_whose_creation_was_cut_short_is_removed()
    {
        await using (EmbeddedEventLog log = Open()) await log.AppendAsync(new[] { TestEvents.Bill("c1", 0) }, default);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "000000000001.log"), new byte[100]);
        await using EmbeddedEventLog again = Open();
        await again.StartAsync([], default);
        Assert.Single(await again.ReadToEndAsync());
        Assert.Single(Segments());
    }

    private EventLogOptions Options => new() { Directory = _folder.Path };

    private List<string> Segments() => Segment.List(_folder.Path);

    private EmbeddedEventLog Open(EventLogOptions? options = null) => new(options ?? Options, new CampaignNames(), _logger, TimeProvider.System);
}
