using AutoBid.Engine.Ports;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Kafka;

/// <summary>Sees to it that the topics exist, with the right clean-up and equal partition counts.</summary>
internal sealed class KafkaTopics(EventLogOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly string[] Keyed = [.. Topic.Inputs, .. Topic.Outputs];
    private static readonly string[] Compacted = [Topic.Campaigns, Topic.Multipliers];
    private static readonly TimeSpan VisiblePause = TimeSpan.FromMilliseconds(50);
    private const int VisibleTries = 100;

    private readonly IAdminClient _admin = new AdminClientBuilder(KafkaSettings.Admin(options))
        .SetLogHandler((_, message) => logger.LogDebug("{Facility}: {Message}", message.Facility, message.Message))
        .SetErrorHandler((_, _) => { })
        .Build();

    /// <summary>
    /// Creates what is missing and returns the partition count of the input topics. Throws InvalidOperationException when their counts differ,
    /// KafkaException when the brokers do not answer.
    /// </summary>
    public async Task<int> EnsureAsync(CancellationToken cancellation)
    {
        Dictionary<string, int> present = await ListAsync(cancellation);
        string[] wanted = [.. Keyed, .. Topic.Inputs.Select(Topic.Dead)];
        string[] missing = [.. wanted.Where(topic => !present.ContainsKey(topic))];
        int partitions = Topic.Inputs.Where(present.ContainsKey).Select(topic => present[topic]).FirstOrDefault(options.Partitions);
        if (missing.Length > 0)
        {
            await CreateAsync(missing, partitions, cancellation);
            for (int tries = 0; missing.Any(topic => !present.ContainsKey(topic)); tries++)
            {
                if (tries == VisibleTries) throw new KafkaException(new Error(ErrorCode.Local_UnknownTopic, "created topics do not appear in the metadata"));
                if (tries > 0) await Task.Delay(VisiblePause, time, cancellation);
                present = await ListAsync(cancellation);
            }
        }

        int[] counts = [.. Topic.Inputs.Select(topic => present[topic]).Distinct()];
        if (counts.Length > 1)
            throw new InvalidOperationException("the input topics must have equal partition counts: " + string.Join(", ", Topic.Inputs.Select(topic => $"{topic} {present[topic]}")));
        await CheckCompactionAsync(Compacted.Except(missing), cancellation);
        return counts[0];
    }

    /// <summary>Asks the brokers for a sign of life.</summary>
    public Task PingAsync(CancellationToken cancellation) => ListAsync(cancellation);

    public void Dispose() => _admin.Dispose();

    private async Task<Dictionary<string, int>> ListAsync(CancellationToken cancellation)
    {
        Metadata metadata = await Task.Run(() => _admin.GetMetadata(options.AppendTimeout), cancellation);
        return metadata.Topics.Where(topic => topic.Topic.StartsWith(options.TopicPrefix, StringComparison.Ordinal) && !topic.Error.IsError && topic.Partitions.Count > 0 && topic.Partitions.All(one => one.Leader >= 0))
            .ToDictionary(topic => topic.Topic[options.TopicPrefix.Length..], topic => topic.Partitions.Count, StringComparer.Ordinal);
    }

    private async Task CreateAsync(string[] topics, int partitions, CancellationToken cancellation)
    {
        if (!options.CreateTopics)
        {
            // Asking for a topic makes brokers that create topics by use create it.
            foreach (string topic in topics) await Task.Run(() => _admin.GetMetadata(options.TopicPrefix + topic, options.AppendTimeout), cancellation);
            return;
        }

        try
        {
            await _admin.CreateTopicsAsync(
                topics.Select(topic => new TopicSpecification
                {
                    Name = options.TopicPrefix + topic,
                    NumPartitions = Keyed.Contains(topic) ? partitions : 1,
                    ReplicationFactor = options.ReplicationFactor,
                    Configs = new Dictionary<string, string> { ["cleanup.policy"] = Compacted.Contains(topic) ? "compact" : "delete" },
                }),
                new CreateTopicsOptions { RequestTimeout = options.AppendTimeout, OperationTimeout = options.AppendTimeout }).WaitAsync(cancellation);
            logger.LogInformation("created the topics {Topics}", string.Join(", ", topics));
        }
        catch (CreateTopicsException e) when (e.Results.All(result => result.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            logger.LogDebug("some topics were created by another node");
        }
    }

    // A topic that somebody else made is not changed behind their back, only named.
    private async Task CheckCompactionAsync(IEnumerable<string> topics, CancellationToken cancellation)
    {
        try
        {
            ConfigResource[] resources = [.. topics.Select(topic => new ConfigResource { Type = ResourceType.Topic, Name = options.TopicPrefix + topic })];
            if (resources.Length == 0 || !options.CreateTopics) return;
            foreach (DescribeConfigsResult result in await _admin.DescribeConfigsAsync(resources, new DescribeConfigsOptions { RequestTimeout = options.AppendTimeout }).WaitAsync(cancellation))
                if (result.Entries.TryGetValue("cleanup.policy", out ConfigEntryResult? policy) && !policy.Value.Contains("compact", StringComparison.Ordinal))
                    logger.LogWarning("{Topic} has cleanup.policy {Policy}, it should be compact", result.ConfigResource.Name, policy.Value);
        }
        catch (KafkaException e)
        {
            logger.LogDebug("the clean-up policies cannot be checked: {Reason}", e.Error.Reason);
        }
    }
}
