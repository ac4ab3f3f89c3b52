using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Unicode;
using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>
/// Identities of events: the first 128 bits of SHA-256 over the fields of the business key, each as a 4-byte big-endian length and its UTF-8 bytes.
/// The lengths keep field boundaries apart; the last field names the sort of key, so that keys of two sorts never agree.
/// </summary>
public static class EventIdentities
{
    /// <summary>Identity of an event from its other fields (design.md section 4).</summary>
    [SkipLocalsInit]
    public static EventIdentity Of(in EngineEvent e)
    {
        Span<byte> key = stackalloc byte[1024];
        if (TryWriteKey(e, key, out int length)) return Hash(key[..length]);
        // Six fields of the greatest length in bytes of UTF-8 that 256 characters can take.
        byte[] rented = ArrayPool<byte>.Shared.Rent(Longest(e));
        if (!TryWriteKey(e, rented, out length)) throw new ArgumentException("the business key has no end", nameof(e));
        EventIdentity identity = Hash(rented.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(rented);
        return identity;
    }

    /// <summary>Identity of a list of fields. Null counts as empty.</summary>
    public static EventIdentity Of(params ReadOnlySpan<string?> fields)
    {
        int size = 0;
        foreach (string? field in fields) size += sizeof(int) + Encoding.UTF8.GetMaxByteCount(field?.Length ?? 0);
        byte[] rented = ArrayPool<byte>.Shared.Rent(size);
        var key = new KeyWriter(rented);
        foreach (string? field in fields) key.Add(field);
        EventIdentity identity = Hash(rented.AsSpan(0, key.Length));
        ArrayPool<byte>.Shared.Return(rented);
        return identity;
    }

    /// <summary>Writes an event's business key, the message behind its identity; false: the destination is too short.</summary>
    internal static bool TryWriteKey(in EngineEvent e, Span<byte> destination, out int length)
    {
        var key = new KeyWriter(destination);
        string kind = EventKinds.Text(e.Kind);
        key.Add(e.TenantId);
        switch (e.Kind)
        {
            case EventKind.Adjust when e.Lease > 0:
                key.Add(e.Lease);
                key.Add(e.Seq);
                key.Add(e.Id);
                key.Add(kind);
                break;
            case EventKind.Adjust:
                AddBid(ref key, e, e.Bid);
                key.Add(e.Id);
                key.Add(kind);
                break;
            case EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Opportunity when e.Lease > 0:
                key.Add(e.Lease);
                key.Add(e.Seq);
                key.Add(kind);
                break;
            case EventKind.Bill or EventKind.Win or EventKind.Loss:
                AddBid(ref key, e, e.Bid);
                key.Add(kind);
                break;
            case EventKind.Opportunity:
                // Several campaigns may report one impression: the campaign stands where a bid's id would.
                AddBid(ref key, e, e.CampaignId);
                key.Add(kind);
                break;
            case EventKind.Convert or EventKind.Retract or EventKind.Restate:
                key.Add(e.Source);
                key.Add(e.Auction);
                key.Add(kind);
                key.Add(e.Count);
                break;
            case EventKind.BidStats:
                key.Add(e.Source);
                key.Add(e.CampaignId);
                key.Add(e.TimeTicks);
                key.Add(kind);
                break;
            case EventKind.Campaign:
                key.Add(e.CampaignId);
                key.Add(e.Settings?.Version ?? 0);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(e), e.Kind, null);
        }

        length = key.Length;
        return !key.IsTooShort;
    }

    private static void AddBid(ref KeyWriter key, in EngineEvent e, string? bid)
    {
        key.Add(e.Source);
        key.Add(e.Auction);
        key.Add(e.Imp);
        key.Add(bid);
    }

    private static int Longest(in EngineEvent e)
    {
        int chars = e.TenantId.Length + e.CampaignId.Length + (e.Source?.Length ?? 0) + (e.Auction?.Length ?? 0) + (e.Imp?.Length ?? 0) + (e.Bid?.Length ?? 0)
            + (e.Id?.Length ?? 0);
        return Encoding.UTF8.GetMaxByteCount(chars) + 256;
    }

    [SkipLocalsInit]
    private static EventIdentity Hash(ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return new EventIdentity(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]));
    }

    private ref struct KeyWriter(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Length { get; private set; }

        public bool IsTooShort { get; private set; }

        public void Add(string? field)
        {
            Span<byte> at = Rest();
            // Lone surrogates become U+FFFD, as everywhere in the runtime.
            if (IsTooShort || Utf8.FromUtf16(field, at, out _, out int written) != OperationStatus.Done) IsTooShort = true;
            else End(written);
        }

        public void Add(long field)
        {
            Span<byte> at = Rest();
            if (IsTooShort || !Utf8Formatter.TryFormat(field, at, out int written)) IsTooShort = true;
            else End(written);
        }

        private Span<byte> Rest()
        {
            IsTooShort |= _destination.Length - Length < sizeof(int);
            return IsTooShort ? default : _destination[(Length + sizeof(int))..];
        }

        private void End(int written)
        {
            BinaryPrimitives.WriteInt32BigEndian(_destination[Length..], written);
            Length += sizeof(int) + written;
        }
    }
}
