using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming;
using AutoBid.Streaming.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>Conversions straight to <c>autobid.conversions</c>, as an attribution system would: the service's schema, key = campaign, murmur2. Creates no topic.</summary>
internal sealed class KafkaConversionSink(string servers, string topicPrefix) : IConversionSink
{
    private readonly IEventLog _log = EventLogFactory.Create(
        new EventLogOptions { Kafka = servers, TopicPrefix = topicPrefix, CreateTopics = false }, new CampaignNames(), NullLoggerFactory.Instance, TimeProvider.System);

    public async ValueTask<IReadOnlyList<string>> SendAsync(ReadOnlyMemory<EngineEvent> conversions, CancellationToken cancellation)
    {
        try
        {
            await _log.AppendAsync(conversions, cancellation);
            return [];
        }
        catch (EventLogUnavailableException e)
        {
            return [.. Enumerable.Repeat(e.Message, conversions.Length)];
        }
    }

    public ValueTask DisposeAsync() => _log.DisposeAsync();
}
