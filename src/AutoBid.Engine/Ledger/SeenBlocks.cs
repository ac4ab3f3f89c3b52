using System.Buffers.Binary;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// Applied identities as blocks for the store: records of 24 bytes, little-endian: high and low half of the identity, expiry in ticks. One block for each
/// partition and hour of expiry in a commit, so that an hour that has expired goes as a whole. Owned by the loop's thread.
/// </summary>
public sealed class SeenBlocks
{
    private const int RecordBytes = 24;

    private readonly SortedSet<(long Hour, int Partition)> _stored = [];

    /// <summary>Blocks that hold these identities; each belongs to a partition.</summary>
    public List<SeenBlock> Write(IReadOnlyList<(int Partition, SeenEvent Event)> seen)
    {
        var blocks = new List<SeenBlock>();
        foreach (var hour in seen.GroupBy(one => (Hour: one.Event.ExpiresTicks / TimeSpan.TicksPerHour, one.Partition)))
        {
            byte[] blob = new byte[hour.Count() * RecordBytes];
            int at = 0;
            foreach ((_, SeenEvent one) in hour)
            {
                Span<byte> record = blob.AsSpan(at, RecordBytes);
                BinaryPrimitives.WriteUInt64LittleEndian(record, one.Identity.High);
                BinaryPrimitives.WriteUInt64LittleEndian(record[8..], one.Identity.Low);
                BinaryPrimitives.WriteInt64LittleEndian(record[16..], one.ExpiresTicks);
                at += RecordBytes;
            }

            blocks.Add(new SeenBlock(hour.Key.Partition, SeenKind.Ids, hour.Key.Hour, blob));
            _stored.Add(hour.Key);
        }

        return blocks;
    }

    /// <summary>Puts what a snapshot holds and has not expired into <paramref name="seen"/>.</summary>
    public void Read(IReadOnlyList<SeenBlock> blocks, long nowTicks, SeenEvents seen)
    {
        foreach (SeenBlock block in blocks)
        {
            _stored.Add((block.Key, block.Partition));
            for (ReadOnlySpan<byte> rest = block.Blob; rest.Length >= RecordBytes; rest = rest[RecordBytes..])
            {
                long expires = BinaryPrimitives.ReadInt64LittleEndian(rest[16..]);
                var identity = new EventIdentity(BinaryPrimitives.ReadUInt64LittleEndian(rest), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]));
                if (expires > nowTicks) seen.TryAdd(identity, expires);
            }
        }
    }

    /// <summary>Keys of stored hours whose last instant has passed; they are forgotten here.</summary>
    public List<SeenKey> TakeExpired(long nowTicks)
    {
        var expired = new List<SeenKey>();
        while (_stored.Count > 0 && _stored.Min is var oldest && (oldest.Hour + 1) * TimeSpan.TicksPerHour <= nowTicks)
        {
            expired.Add(new SeenKey(oldest.Partition, SeenKind.Ids, oldest.Hour));
            _stored.Remove(oldest);
        }

        return expired;
    }
}
