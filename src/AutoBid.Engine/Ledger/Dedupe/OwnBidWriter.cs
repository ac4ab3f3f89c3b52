using System.Buffers.Binary;
using System.Text;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>
/// Own bids as the content of a blob: records of a head (tenant x 8 + kind x 2 + whether it is a page), the lease, and the sequence number or the page's
/// number with its words that are not zero. Numbers are LEB128. A tenant's name stands before its first record.
/// </summary>
internal sealed class OwnBidWriter(IReadOnlyList<string> tenants)
{
    private readonly Dictionary<int, int> _named = [];
    private byte[] _bytes = new byte[1024];
    private int _length;
    private int _count;

    public void Bid(int tenant, long lease, int kind, long seq)
    {
        Head(tenant, lease, kind, page: 0);
        Number((ulong)seq);
    }

    public void Page(int tenant, long lease, int kind, ulong number, ReadOnlySpan<ulong> words)
    {
        Head(tenant, lease, kind, page: 1);
        Number(number);
        byte present = 0;
        for (int w = 0; w < words.Length; w++)
            if (words[w] != 0) present |= (byte)(1 << w);
        _bytes[_length++] = present;
        foreach (ulong word in words)
        {
            if (word == 0) continue;
            BinaryPrimitives.WriteUInt64LittleEndian(_bytes.AsSpan(_length), word);
            _length += sizeof(ulong);
        }
    }

    public byte[] ToBlob() => SeenBlob.OfOwnBids(_bytes.AsSpan(0, _length), _count);

    private void Head(int tenant, long lease, int kind, int page)
    {
        bool known = _named.TryGetValue(tenant, out int local);
        if (!known) _named.Add(tenant, local = _named.Count);
        byte[] name = known ? [] : Encoding.UTF8.GetBytes(tenants[tenant]);
        // Room for the longest record: four numbers of 10 bytes, the name, the mask and eight words.
        if (_bytes.Length - _length < name.Length + 128) Array.Resize(ref _bytes, 2 * _bytes.Length + name.Length);
        Number((ulong)local << 3 | (uint)kind << 1 | (uint)page);
        if (!known)
        {
            Number((ulong)name.Length);
            name.CopyTo(_bytes.AsSpan(_length));
            _length += name.Length;
        }

        Number((ulong)lease);
        _count++;
    }

    private void Number(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes[_length++] = (byte)(value | 0x80);
        _bytes[_length++] = (byte)value;
    }
}
