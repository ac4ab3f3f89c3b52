using System.Buffers;
using System.Text.Json;

namespace AutoBid.Cli.Exchange;

/// <summary>Conversions of won impressions that have not arrived yet, handed out in order of arrival.</summary>
internal sealed class PendingConversions(IReadOnlyList<string> campaigns, string source, DateTime dayStart)
{
    private readonly PriorityQueue<Conversion, (long Arrival, int Opportunity)> _queue = new();
    private readonly ArrayBufferWriter<byte> _body = new(64 * 1024);

    /// <summary>Remembers one.</summary>
    /// <param name="clickTicks">100 ns ticks since the start of the day, as all times here.</param>
    public void Add(int opportunity, int campaign, string auction, long clickTicks, long arrivalTicks, long valueMicros)
        => _queue.Enqueue(new Conversion(campaign, auction, clickTicks, arrivalTicks, valueMicros), (arrivalTicks, opportunity));

    /// <summary>Writes the body of POST /v1/events for at most <paramref name="limit"/> conversions that arrive before <paramref name="endTicks"/>.</summary>
    /// <param name="taken">Called for each of them.</param>
    /// <returns>The body, valid until the next call, and its number of events; 0: none is due.</returns>
    public (ReadOnlyMemory<byte> Body, int Events) Take(long endTicks, int limit, Action<int, long> taken)
    {
        _body.ResetWrittenCount();
        int events = 0;
        using var writer = new Utf8JsonWriter(_body);
        writer.WriteStartObject();
        writer.WriteStartArray("events");
        while (events < limit && _queue.TryPeek(out Conversion conversion, out _) && conversion.ArrivalTicks < endTicks)
        {
            _queue.Dequeue();
            Write(writer, conversion);
            taken(conversion.Campaign, conversion.ValueMicros);
            events++;
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return (_body.WrittenMemory, events);
    }

    private void Write(Utf8JsonWriter writer, in Conversion conversion)
    {
        writer.WriteStartObject();
        writer.WriteString("topic", "autobid.conversions");
        writer.WriteStartObject("event");
        writer.WriteNumber("v", 1);
        writer.WriteString("kind", "convert");
        writer.WriteString("id", $"c-{conversion.Auction}");
        writer.WriteNumber("revision", 1);
        writer.WriteString("source", source);
        writer.WriteString("campaign", campaigns[conversion.Campaign]);
        writer.WriteString("auction", conversion.Auction);
        writer.WriteNumber("valueMicros", conversion.ValueMicros);
        writer.WriteString("clickTime", dayStart.AddTicks(conversion.ClickTicks));
        writer.WriteString("time", dayStart.AddTicks(conversion.ArrivalTicks));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private readonly record struct Conversion(int Campaign, string Auction, long ClickTicks, long ArrivalTicks, long ValueMicros);
}
