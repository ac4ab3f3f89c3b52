using System.Diagnostics.CodeAnalysis;
using System.Text;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Diagnostics;
using AutoBid.Streaming.Json;
using AutoBid.Streaming.Partitioning;
using Confluent.Kafka;

namespace AutoBid.Streaming.Kafka;

/// <summary>
/// Decodes what the reader fetched, in rounds: <see cref="Take"/>, then <see cref="Confirm"/> once what cannot be applied here is safe elsewhere, or
/// <see cref="PutBack"/>. The position moves only when a round is confirmed.
/// </summary>
internal sealed class KafkaInbox
{
    private readonly KafkaReader _reader;
    private readonly PartitionAssignment _assignment;
    private readonly int _generation;
    private readonly ICampaignNames _names;
    private readonly IdentityBatch _identities = new();
    private readonly long[] _position;
    private readonly List<ConsumeResult<byte[], byte[]>> _taken = [];
    private Queue<ConsumeResult<byte[], byte[]>> _replay = [];

    // The batch that is being taken, and the next message of it.
    private ConsumeResult<byte[], byte[]>[] _batch = [];
    private int _next;

    /// <param name="start">Where each owned partition is read from, in the order of the assignment.</param>
    /// <param name="generation">Number of the assignment; messages of others are passed over.</param>
    public KafkaInbox(KafkaReader reader, PartitionAssignment assignment, int generation, IReadOnlyList<PartitionOffset> start, ICampaignNames names)
    {
        (_reader, _assignment, _generation, _names) = (reader, assignment, generation, names);
        _position = [.. start.Select(offset => offset.NextOffset)];
    }

    public PartitionAssignment Assignment => _assignment;

    /// <summary>Events of this round that lie in the wrong partition, addressed to the right one.</summary>
    public List<OutgoingMessage> Displaced { get; } = [];

    /// <summary>Events of this round that cannot be parsed.</summary>
    public List<DeadLetter> Dead { get; } = [];

    public bool HasMore => _replay.Count > 0 || _next < _batch.Length || _reader.Messages.TryPeek(out _);

    public IReadOnlyList<PartitionOffset> Position
        => [.. _assignment.Owned.Select((one, i) => new PartitionOffset(one.Topic, one.Partition.Value, _position[i]))];

    /// <summary>Starts a round with what is there. Returns the number of events.</summary>
    public int Take(Span<EngineEvent> into)
    {
        _taken.Clear();
        Displaced.Clear();
        Dead.Clear();
        int count = 0;
        while (count < into.Length && _taken.Count < 2 * into.Length && TryNext(out ConsumeResult<byte[], byte[]>? message))
        {
            _taken.Add(message);
            if (!message.IsPartitionEOF && Decode(message, ref into[count])) count++;
        }

        _identities.Fill(into[..count]);
        return count;
    }

    public void Confirm()
    {
        foreach (ConsumeResult<byte[], byte[]> message in _taken)
        {
            ref long position = ref _position[_assignment.IndexOf(message.Topic, message.Partition.Value)];
            position = Math.Max(position, message.IsPartitionEOF ? message.Offset.Value : message.Offset.Value + 1);
        }
    }

    /// <summary>Undoes the round: all of it comes again, the events too, since the caller never saw them.</summary>
    public void PutBack() => _replay = new Queue<ConsumeResult<byte[], byte[]>>(_taken.Concat(_replay));

    private bool TryNext([NotNullWhen(true)] out ConsumeResult<byte[], byte[]>? message)
    {
        if (_replay.TryDequeue(out message)) return true;
        while (_next == _batch.Length)
        {
            if (!_reader.Messages.TryRead(out Fetched fetched)) return false;
            if (fetched.Assignment == _generation) (_batch, _next) = (fetched.Messages, 0);
        }

        message = _batch[_next++];
        return true;
    }

    private bool Decode(ConsumeResult<byte[], byte[]> message, ref EngineEvent e)
    {
        byte[] payload = message.Message.Value ?? [];
        int partition = message.Partition.Value;
        if (!EventReader.TryReadFields(message.Topic, payload, _names, out e, out EventError error))
        {
            Dead.Add(DeadLetter.Of(message.Topic, partition, message.Offset.Value, error.Code, error.ToString(), payload));
            return false;
        }

        if (Murmur2.Partition(e.CampaignId, _assignment.Partitions) != partition)
        {
            byte[] from = Encoding.UTF8.GetBytes($"{partition}@{message.Offset.Value}");
            Displaced.Add(new OutgoingMessage(message.Topic, Encoding.UTF8.GetBytes(e.CampaignId), payload, "autobid-forwarded-from", from));
            return false;
        }

        if (e.Settings is not null) _names.Learn(e.Settings);
        e.Partition = partition;
        e.Offset = message.Offset.Value;
        StreamingMetrics.Read.Add(1, StreamingMetrics.TopicTag(message.Topic));
        return true;
    }
}
