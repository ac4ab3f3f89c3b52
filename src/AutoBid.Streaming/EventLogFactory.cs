using AutoBid.Engine.Ports;
using AutoBid.Streaming.Embedded;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Kafka;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming;

/// <summary>Makes the event log that the options name.</summary>
public static class EventLogFactory
{
    /// <summary>Kafka when <see cref="EventLogOptions.Kafka"/> is set, else the embedded log. Both also implement <c>IDeadLetterLog</c>.</summary>
    public static IEventLog Create(EventLogOptions options, ICampaignNames names, ILoggerFactory loggers, TimeProvider time)
        => string.IsNullOrWhiteSpace(options.Kafka)
            ? new EmbeddedEventLog(options, names, loggers.CreateLogger<EmbeddedEventLog>(), time)
            : new KafkaEventLog(options, names, loggers.CreateLogger<KafkaEventLog>(), time);
}
