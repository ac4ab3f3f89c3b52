using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.Json;

namespace AutoBid.Streaming.DeadLetters;

/// <summary>
/// What is kept of an event that could not be applied: where it was, why, the hash of its bytes, and those of its fields that are known and not personal.
/// The bytes themselves stay where they are; the offset finds them.
/// </summary>
/// <param name="Topic">The topic it came from.</param>
/// <param name="Partition">Its partition; -1: it never was in the log.</param>
/// <param name="Offset">Its offset; -1: it never was in the log.</param>
/// <param name="Code">Short reason from a closed list, a metric label.</param>
/// <param name="Reason">What was wrong, without values.</param>
/// <param name="Sha256">Lower-case hex of the payload's hash.</param>
/// <param name="Fields">A JSON object of the known non-personal fields.</param>
public sealed record DeadLetter(string Topic, int Partition, long Offset, string Code, string Reason, string Sha256, ReadOnlyMemory<byte> Fields)
{
    /// <summary>Makes the letter of a payload.</summary>
    public static DeadLetter Of(string topic, int partition, long offset, string code, string reason, ReadOnlySpan<byte> payload)
        => new(topic, partition, offset, code, reason, Convert.ToHexStringLower(SHA256.HashData(payload)), KnownFields.Of(payload));

    /// <summary>
    /// Makes the letter of an event that was read but cannot be applied. The hash is that of its canonical form (<see cref="EventWriter"/>);
    /// one that never was in the log has offset -1.
    /// </summary>
    public static DeadLetter Of(in RejectedEvent rejected, ICampaignNames names)
    {
        var payload = new ArrayBufferWriter<byte>(512);
        EventWriter.Write(rejected.Event, names, payload);
        return Of(Engine.Ports.Topic.Of(rejected.Event.Kind), rejected.Event.Partition, rejected.Event.Offset, rejected.Reason, rejected.Reason, payload.WrittenSpan);
    }

    /// <summary>Writes the letter as the value of <c>topic.dead</c>.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteNumber("v"u8, EventFields.Version);
        json.WriteString("topic"u8, Topic);
        json.WriteNumber("partition"u8, Partition);
        json.WriteNumber("offset"u8, Offset);
        json.WriteString("code"u8, Code);
        json.WriteString("reason"u8, Reason);
        json.WriteString("sha256"u8, Sha256);
        json.WritePropertyName("fields"u8);
        json.WriteRawValue(Fields.Span, skipInputValidation: true);
        json.WriteEndObject();
    }
}
