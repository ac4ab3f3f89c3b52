using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Kafka;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace AutoBid.Streaming.Tests.Kafka;

/// <summary>Against a real Apache Kafka: what the mock cluster does not have.</summary>
public sealed class KafkaBrokerTests
{
    private readonly ListLogger<KafkaEventLog> _logger = new();

    [Fact]
    public async Task A_broker_that_is_down_at_start_is_waited_for_and_gets_its_topics()
    {
        using var broker = new KafkaBroker();
        await using (KafkaEventLog log = Open(broker, TimeSpan.FromSeconds(2)))
        {
            Task starting = log.StartAsync([], default).AsTask();
            await Assert.ThrowsAsync<EventLogUnavailableException>(async () => await log.AppendAsync(new[] { TestEvents.Bill("c1", 0) }, default).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
            Assert.False(log.IsAvailable);
            Assert.False(starting.IsCompleted);
            broker.Start();
            await starting.WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(log.IsAvailable);
            Assert.Contains(_logger.Lines, line => line.Text.Contains("does not answer", StringComparison.Ordinal));
            await log.AppendAsync(new[] { TestEvents.Bill("c1", 1) }, default);
            Assert.Equal(1001, Assert.Single(await log.ReadToEndAsync()).AmountNanos);
        }

        using IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
        string[] topics = [.. Topic.Inputs, .. Topic.Outputs];
        List<DescribeConfigsResult> configs = await admin.DescribeConfigsAsync(topics.Select(topic => new ConfigResource { Type = ResourceType.Topic, Name = topic }));
        foreach (DescribeConfigsResult result in configs)
        {
            bool compact = result.ConfigResource.Name is Topic.Campaigns or Topic.Multipliers;
            Assert.Equal(compact ? "compact" : "delete", result.Entries["cleanup.policy"].Value);
        }

        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = Topic.Spend, IncreaseTo = 6 }]);
        await using KafkaEventLog unequal = Open(broker, TimeSpan.FromSeconds(5));
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () => await unequal.StartAsync([], default));
        Assert.Contains("autobid.spend 6", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killing_the_broker_in_the_middle_loses_nothing_and_duplicates_no_identity()
    {
        const int Writers = 8, Each = 150;
        using var broker = new KafkaBroker();
        broker.Start();
        await using KafkaEventLog log = Open(broker, TimeSpan.FromSeconds(3));
        await log.StartAsync([], default);
        int acknowledged = 0, refused = 0;
        var beforeCrash = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var down = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (int i = 0; i < Each; i++)
            {
                // Half of the events wait for the crash, so that it certainly comes in the middle.
                if (i == Each / 2) await down.Task;
                while (!await TryAppendAsync(TestEvents.Bill("campaign-" + writer, writer * Each + i))) Interlocked.Increment(ref refused);
                if (Interlocked.Increment(ref acknowledged) == Writers * Each / 4) beforeCrash.SetResult();
            }
        })));

        await beforeCrash.Task.WaitAsync(TimeSpan.FromSeconds(60));
        broker.Kill();
        down.SetResult();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref refused) >= Writers, TimeSpan.FromSeconds(60)), "appends to a dead broker must fail");
        Assert.False(log.IsAvailable);
        broker.Restart();
        await writing.WaitAsync(TimeSpan.FromSeconds(120));
        Assert.True(log.IsAvailable);

        List<EngineEvent> events = await log.ReadToEndAsync();
        Assert.Equal(events.Count, events.Select(e => (e.Partition, e.Offset)).Distinct().Count());
        Assert.Equal(
            Enumerable.Range(0, Writers * Each).Select(n => EventIdentities.Of(TestEvents.Bill("campaign-" + n / Each, n))).Order(),
            events.Select(e => e.Identity).Distinct().Order());
        TestContext.Current.TestOutputHelper!.WriteLine($"{refused} appends were refused while the broker was down; {events.Count - Writers * Each} repeats in the log");

        async Task<bool> TryAppendAsync(EngineEvent e)
        {
            try
            {
                await log.AppendAsync(new[] { e }, default);
                return true;
            }
            catch (EventLogUnavailableException)
            {
                return false;
            }
        }
    }

    private KafkaEventLog Open(KafkaBroker broker, TimeSpan timeout)
        => new(new EventLogOptions { Kafka = broker.BootstrapServers, AppendTimeout = timeout }, new CampaignNames(), _logger, TimeProvider.System);
}
