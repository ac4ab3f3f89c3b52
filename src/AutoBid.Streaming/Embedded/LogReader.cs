using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;
using AutoBid.Streaming.DeadLetters;
using AutoBid.Streaming.Diagnostics;
using AutoBid.Streaming.Json;
using Microsoft.Extensions.Logging;

namespace AutoBid.Streaming.Embedded;

/// <summary>Reads the input topics in the order of the log, from given offsets. One caller at a time (<see cref="ReadAhead"/>).</summary>
internal sealed class LogReader : IDisposable
{
    private const int MaxDead = 256;

    private readonly SegmentStore _store;
    private readonly ICampaignNames _names;
    private readonly ILogger _logger;
    private readonly int _partitions;
    private readonly IdentityBatch _identities = new();
    private readonly long[] _next;
    private Segment _segment;
    private RecordScanner _scanner;
    private readonly bool _acceptDamage;
    private long _skippedSeen;
    private string? _damage;

    /// <param name="acceptDamage">False: damaged bytes among what is yet to be read end the reading with an InvalidDataException.</param>
    public LogReader(SegmentStore store, IReadOnlyList<PartitionOffset> start, ICampaignNames names, ILogger logger, bool acceptDamage)
    {
        (_store, _names, _logger, _acceptDamage) = (store, names, logger, acceptDamage);
        _partitions = store.Partitions;
        _next = new long[TopicIds.Count * _partitions];
        foreach (PartitionOffset offset in start) _next[Slot(TopicIds.Of(offset.Topic), offset.Partition)] = offset.NextOffset;
        _segment = FindStart();
        _scanner = new RecordScanner(_segment);
    }

    /// <summary>Index of the segment being read.</summary>
    public long SegmentIndex => Volatile.Read(ref _segment).Index;

    /// <summary>
    /// Decodes what is durable: events, or else a run of refused records into <paramref name="dead"/>, never both, so that the position
    /// stays exact when a dead letter cannot be written.
    /// </summary>
    public int Read(Span<EngineEvent> into, List<DeadLetter> dead)
    {
        int count = 0;
        while (count < into.Length && dead.Count < MaxDead && TryPeek(out ReadOnlySpan<byte> record))
        {
            byte topic = RecordFormat.TopicId(record);
            int partition = RecordFormat.Partition(record);
            long offset = RecordFormat.Offset(record);
            if (!TopicIds.IsInput(topic))
            {
                _scanner.Advance(record);
                continue;
            }

            if (offset < _next[Slot(topic, partition)])
            {
                // Read before, so what lies in front of it was too: the damage came later and costs nothing.
                _damage = null;
                _scanner.Advance(record);
                continue;
            }

            if (_damage is { } damage && !_acceptDamage)
            {
                throw new InvalidDataException(
                    $"{damage}: acknowledged events that are not in the ledger yet may be lost. Restore the file, or go on without them with --accept-log-damage.");
            }

            _damage = null;

            string name = TopicIds.Name(topic);
            ref EngineEvent e = ref into[count];
            if (EventReader.TryReadFields(name, RecordFormat.Payload(record), _names, out e, out EventError error))
            {
                if (dead.Count > 0) break;
                if (e.Settings is not null) _names.Learn(e.Settings);
                e.Partition = partition;
                e.Offset = offset;
                count++;
            }
            else
            {
                if (count > 0) break;
                dead.Add(DeadLetter.Of(name, partition, offset, error.Code, error.ToString(), RecordFormat.Payload(record)));
            }

            _next[Slot(topic, partition)] = offset + 1;
            _scanner.Advance(record);
        }

        _identities.Fill(into[..count]);
        return count;
    }

    public void Dispose() => _scanner.Dispose();

    private bool TryPeek(out ReadOnlySpan<byte> record)
    {
        while (true)
        {
            DurableEnd end = _store.Durable;
            bool last = _segment == end.Segment;
            bool found = _scanner.TryPeek(last ? end.Position : _segment.Length, out record);
            // A segment that was left is full: what follows its last record is damaged too.
            long damaged = _scanner.SkippedBytes - _skippedSeen + (found || last ? 0 : _segment.Length - _scanner.Position);
            if (damaged > 0)
            {
                StreamingMetrics.Damaged.Add(damaged);
                _damage = $"{_segment.Path} has {damaged} damaged bytes before {(found ? _scanner.Position : _segment.Length)}";
                _logger.LogError("{Damage}; they are skipped", _damage);
                _skippedSeen = _scanner.SkippedBytes;
            }

            if (found || last || _segment.Next is not { } next) return found;
            _scanner.Dispose();
            _scanner = new RecordScanner(next);
            _skippedSeen = 0;
            Volatile.Write(ref _segment, next);
        }
    }

    private Segment FindStart()
    {
        Segment start = _store.First;
        while (start.Next is { } next && StartsBefore(next)) start = next;
        return start;
    }

    private bool StartsBefore(Segment segment)
    {
        for (byte topic = 0; topic < TopicIds.Count; topic++)
            for (int partition = 0; TopicIds.IsInput(topic) && partition < _partitions; partition++)
                if (segment.BaseOffsets[Slot(topic, partition)] > _next[Slot(topic, partition)]) return false;
        return true;
    }

    private int Slot(byte topic, int partition) => topic * _partitions + partition;
}
