using System.Buffers.Binary;
using System.Text;

namespace AutoBid.Streaming.Partitioning;

/// <summary>
/// Austin Appleby's MurmurHash2 with the seed that Kafka's Java client uses: every producer of a keyed topic must place a campaign alike
/// (librdkafka: partitioner=murmur2).
/// </summary>
public static class Murmur2
{
    private const uint Seed = 0x9747b28c;
    private const uint M = 0x5bd1e995;
    private const int R = 24;

    public static uint Hash(ReadOnlySpan<byte> key)
    {
        unchecked
        {
            uint hash = Seed ^ (uint)key.Length;
            for (; key.Length >= sizeof(uint); key = key[sizeof(uint)..])
            {
                uint k = BinaryPrimitives.ReadUInt32LittleEndian(key) * M;
                k = (k ^ (k >> R)) * M;
                hash = (hash * M) ^ k;
            }

            if (key.Length == 3) hash ^= (uint)key[2] << 16;
            if (key.Length >= 2) hash ^= (uint)key[1] << 8;
            if (key.Length >= 1) hash = (hash ^ key[0]) * M;
            hash = (hash ^ (hash >> 13)) * M;
            return hash ^ (hash >> 15);
        }
    }

    /// <summary>Partition of a key: the hash without its sign bit, modulo <paramref name="partitions"/>.</summary>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (int)((Hash(key) & 0x7fffffff) % (uint)partitions);

    /// <summary>Partition of a campaign.</summary>
    public static int Partition(string campaignId, int partitions)
    {
        Span<byte> utf8 = stackalloc byte[512];
        return Encoding.UTF8.TryGetBytes(campaignId, utf8, out int length)
            ? Partition(utf8[..length], partitions)
            : Partition(Encoding.UTF8.GetBytes(campaignId), partitions);
    }
}
