using System.Buffers;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;

namespace AutoBid.Cli.Exchange;

/// <summary>Bodies of POST /v1/events from decoded events, in a buffer that the next body reuses.</summary>
internal sealed class EventsBody
{
    private static readonly CampaignNames Names = new();

    private readonly ArrayBufferWriter<byte> _body = new(64 * 1024);

    /// <summary>The body; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Write(ReadOnlySpan<EngineEvent> events)
    {
        _body.ResetWrittenCount();
        _body.Write("{\"events\":["u8);
        for (int i = 0; i < events.Length; i++)
        {
            if (i > 0) _body.Write(","u8);
            _body.Write("{\"topic\":\""u8);
            Encoding.ASCII.GetBytes(Topic.Of(events[i].Kind).AsSpan(), _body);
            _body.Write("\",\"event\":"u8);
            EventWriter.Write(events[i], Names, _body);
            _body.Write("}"u8);
        }

        _body.Write("]}"u8);
        return _body.WrittenMemory;
    }
}
