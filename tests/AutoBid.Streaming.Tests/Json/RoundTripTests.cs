using System.Buffers;
using System.Text.Json;
using AutoBid.Core.Campaigns;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Policies.Contracts;
using AutoBid.Streaming.Json;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Streaming.Tests.Json;

public sealed class RoundTripTests
{
    private static readonly byte[] Telling = [.. "\"\\{}[]:,0-+.eE tfn \t\n\0\u001F"u8, 0x80, 0xC3, 0xFF];

    private readonly CampaignNames _names = new();

    [Fact]
    public void Every_kind_of_event_reads_back_as_it_was_written()
        => Prop.ForAll(Arb.From(TestEvents.Any), e =>
        {
            EngineEvent expected = e;
            expected.Identity = EventIdentities.Of(e);
            byte[] payload = Write(e);
            Assert.True(EventReader.TryRead(Topic.Of(e.Kind), payload, _names, out EngineEvent actual, out string error), error);
            AssertSame(expected, actual);
        }).Check(Checks.Config);

    [Fact]
    public void What_is_written_satisfies_the_schema_of_its_topic()
        => Prop.ForAll(Arb.From(TestEvents.Any), e =>
        {
            byte[] payload = Write(e);
            Assert.Equal([], SchemaCheck.Of(Topic.Of(e.Kind)).Errors(payload));
        }).Check(Checks.Config);

    [Fact]
    public void Without_a_required_field_schema_and_reader_refuse_alike()
        => Prop.ForAll(Arb.From(TestEvents.Any), e =>
        {
            string topic = Topic.Of(e.Kind);
            SchemaCheck schema = SchemaCheck.Of(topic);
            foreach (string field in FieldsOf(Write(e)))
            {
                byte[] without = Without(Write(e), field);
                bool valid = schema.Errors(without).Count == 0;
                bool read = EventReader.TryRead(topic, without, _names, out _, out string error);
                Assert.True(valid == read, $"{topic} without {field}: schema says {valid}, reader says {read} ({error})");
                if (!read && field != "lease") Assert.StartsWith(field, error, StringComparison.Ordinal);
            }
        }).Check(Checks.Config);

    [Fact]
    public void Every_prefix_of_a_payload_is_refused_and_nothing_throws()
        => Prop.ForAll(Arb.From(TestEvents.Any), e =>
        {
            byte[] payload = Write(e);
            for (int length = 0; length < payload.Length; length++)
                Assert.False(EventReader.TryRead(Topic.Of(e.Kind), payload.AsSpan(0, length), _names, out _, out string _));
        }).Check(Checks.Config);

    [Fact]
    public void Flipped_bytes_are_read_or_refused_but_never_throw()
        => Prop.ForAll(Arb.From(TestEvents.Any), Arb.From(Gen.Choose(0, int.MaxValue)), Arb.From(Gen.Choose(0, 255)), (e, at, value) =>
        {
            byte[] payload = Write(e);
            payload[at % payload.Length] = (byte)value;
            EventReader.TryRead(Topic.Of(e.Kind), payload, _names, out _, out string _);
        }).Check(Checks.Config);

    [Fact]
    public void A_decision_reads_back_as_it_was_written_and_satisfies_its_schema()
    {
        var record = new DecisionRecord
        {
            TenantId = "t1",
            CampaignId = "c1",
            Day = 20260301,
            Step = 12,
            Tick = 77,
            TimeTicks = TestEvents.Noon + 1,
            Policy = "gave",
            Model = "gave/2",
            FallbackStep = "pid",
            FallbackReason = "deadline",
            Reasons = ["budget", "nan"],
            RawMultiplier = double.NaN,
            Multiplier = 1.234567,
            SafeMultiplier = 0.1,
            Reference = 12.5,
            BidFloorNanos = 1,
            BidCapNanos = 2,
            SpentNanos = -3,
            BudgetNanos = 4,
            Conversions = 0.1 + 0.2,
            ConversionValue = 7,
            ExpiresTicks = TestEvents.Noon + TimeSpan.TicksPerSecond,
            Version = 9,
            LatencyMs = 1.5,
            Row = [0.1f, float.NaN, 3f],
            Plan = new DayPlan(46, [0.25f, 0.1f], [0.5f, 0], 0.875),
        };
        var buffer = new ArrayBufferWriter<byte>();
        DecisionWriter.WriteDecision(record, buffer);
        Assert.Equal([], SchemaCheck.Of(Topic.Decisions).Errors(buffer.WrittenSpan.ToArray()));
        Assert.True(DecisionReader.TryRead(buffer.WrittenSpan, out DecisionRecord? read, out string error), error);
        string[] none = [];
        Assert.Equal(record.Reasons, read!.Reasons);
        Assert.Equal(record.Row, read.Row);
        Assert.Equal((46, 0.875), (read.Plan!.FirstStep, read.Plan.Promise));
        Assert.Equal([0.25f, 0.1f], read.Plan.Spend);
        Assert.Equal([0.5f, 0], read.Plan.Value);
        Assert.Equal(record with { Reasons = none, Plan = null }, read with { Reasons = none, Row = record.Row, Plan = null });

        // Ticks inside a step, and policies without plans, have none; what is half a plan is refused.
        buffer.Clear();
        DecisionWriter.WriteDecision(record with { Plan = null }, buffer);
        Assert.True(DecisionReader.TryRead(buffer.WrittenSpan, out DecisionRecord? without, out error), error);
        Assert.Null(without!.Plan);
        buffer.Clear();
        DecisionWriter.WriteDecision(record with { Plan = new DayPlan(46, [0.25f], [], double.NaN) }, buffer);
        Assert.False(DecisionReader.TryRead(buffer.WrittenSpan, out _, out error));
        Assert.Contains("plan.value", error, StringComparison.Ordinal);

        buffer.Clear();
        DecisionWriter.WriteMultiplier(record with { FallbackStep = null }, buffer);
        Assert.Equal([], SchemaCheck.Of(Topic.Multipliers).Errors(buffer.WrittenSpan.ToArray()));
    }

    private byte[] Write(in EngineEvent e)
    {
        var buffer = new ArrayBufferWriter<byte>();
        EventWriter.Write(e, _names, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private static List<string> FieldsOf(byte[] payload) => [.. JsonDocument.Parse(payload).RootElement.EnumerateObject().Select(field => field.Name)];

    private static byte[] Without(byte[] payload, string name)
    {
        Dictionary<string, JsonElement> fields = JsonDocument.Parse(payload).RootElement.EnumerateObject()
            .Where(field => field.Name != name).ToDictionary(field => field.Name, field => field.Value);
        return JsonSerializer.SerializeToUtf8Bytes(fields);
    }

    private static void AssertSame(EngineEvent expected, EngineEvent actual)
    {
        if (expected.Settings is { } settings)
        {
            Assert.Equal(settings.Schedule.Hours, actual.Settings!.Schedule.Hours);
            Schedule empty = new();
            Assert.Equal(settings.Schedule with { Hours = empty.Hours }, actual.Settings.Schedule with { Hours = empty.Hours });
            Assert.Equal(settings with { Schedule = empty }, actual.Settings with { Schedule = empty });
        }

        expected.Settings = actual.Settings = null;
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void What_the_plain_scan_takes_the_strict_reader_takes_alike()
        => Prop.ForAll(Arb.From(TestEvents.Any), Arb.From(Gen.Choose(0, int.MaxValue - 1)), (e, seed) =>
        {
            var random = new Random(seed);
            string topic = Topic.Of(e.Kind);
            byte[] payload = Write(e);
            // A few bytes of the payload become others that JSON cares about.
            for (int i = random.Next(4); i > 0; i--) payload[random.Next(payload.Length)] = Telling[random.Next(Telling.Length)];
            bool read = EventReader.TryRead(topic, payload, _names, out EngineEvent plain, out string error);
            // An object in front sends the same fields through the strict reader.
            byte[] nested = [(byte)'{', .. "\"later\":{},"u8, .. payload[1..]];
            if (payload[0] == '{')
            {
                bool strict = EventReader.TryRead(topic, nested, _names, out EngineEvent other, out string reason);
                Assert.Equal((read, error), (strict, reason));
                if (read) AssertSame(other, plain);
            }
            else
            {
                Assert.False(read);
            }
        }).Check(Checks.Config.WithMaxTest(2000));
}
