using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger.Dedupe;

/// <summary>Reads what <see cref="OwnBidWriter"/> wrote, record by record; a single bid is a page with one bit.</summary>
/// <exception cref="InvalidDataException">The block is damaged.</exception>
internal ref struct OwnBidReader
{
    private const int PageBits = 512;
    private const int LongestTenant = 1024;

    private readonly SeenBlock _block;
    private readonly List<string> _tenants = [];
    private ReadOnlySpan<byte> _rest;
    private int _left;
    private Words _words;

    public OwnBidReader(SeenBlock block)
    {
        _block = block;
        _rest = SeenBlob.Open(block, SeenBlob.OwnBids, out _left);
    }

    public string Tenant { get; private set; } = "";

    public long Lease { get; private set; }

    public int Kind { get; private set; }

    public ulong PageNumber { get; private set; }

    public readonly ulong this[int word] => _words[word];

    public bool Next()
    {
        if (_left == 0)
        {
            if (!_rest.IsEmpty) throw SeenBlob.Damaged(_block, "goes on behind its last record");
            return false;
        }

        _left--;
        ulong head = Number();
        Kind = (int)(head >> 1) & 3;
        int tenant = (int)Math.Min(head >> 3, int.MaxValue);
        if (tenant > _tenants.Count) throw SeenBlob.Damaged(_block, "names a tenant that it did not tell");
        if (tenant == _tenants.Count)
        {
            ulong length = Number();
            if (length > LongestTenant) throw SeenBlob.Damaged(_block, "has a tenant without end");
            _tenants.Add(Encoding.UTF8.GetString(Take((int)length)));
        }

        Tenant = _tenants[tenant];
        Lease = (long)Number();
        _words = default;
        if ((head & 1) == 0)
        {
            ulong seq = Number();
            PageNumber = seq / PageBits;
            _words[(int)(seq % PageBits) / 64] = 1UL << (int)(seq & 63);
        }
        else
        {
            PageNumber = Number();
            int present = Take(1)[0];
            for (int w = 0; w < 8; w++)
                if ((present >> w & 1) != 0) _words[w] = BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong)));
        }

        if (PageNumber >= (ulong)OwnBidMemory.SeqLimit / PageBits || Lease <= 0) throw SeenBlob.Damaged(_block, "has a bid that cannot be");
        return true;
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (bytes > _rest.Length) throw SeenBlob.Damaged(_block, "ends in the middle of a record");
        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }

    private ulong Number()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw SeenBlob.Damaged(_block, "has a number without end");
    }

    [InlineArray(8)]
    private struct Words
    {
        private ulong _first;
    }
}
