using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>
/// Identities of events: the first 128 bits of SHA-256 over the fields of the business key, each as a 4-byte big-endian length and its UTF-8 bytes.
/// The lengths keep field boundaries apart; the last field names the sort of key, so that keys of two sorts never agree.
/// </summary>
public static class EventIdentities
{
    /// <summary>Identity of an event from its other fields (design.md section 4).</summary>
    public static EventIdentity Of(in EngineEvent e)
    {
        string kind = EventKinds.Text(e.Kind);
        return e.Kind switch
        {
            EventKind.Adjust when e.Lease > 0 => Of(e.TenantId, Text(e.Lease), Text(e.Seq), e.Id, kind),
            EventKind.Adjust => Of(e.TenantId, e.Source, e.Auction, e.Imp, e.Bid, e.Id, kind),
            EventKind.Bill or EventKind.Win or EventKind.Loss or EventKind.Opportunity when e.Lease > 0 => Of(e.TenantId, Text(e.Lease), Text(e.Seq), kind),
            EventKind.Bill or EventKind.Win or EventKind.Loss => Of(e.TenantId, e.Source, e.Auction, e.Imp, e.Bid, kind),
            // Several campaigns may report one impression: the campaign stands where a bid's id would.
            EventKind.Opportunity => Of(e.TenantId, e.Source, e.Auction, e.Imp, e.CampaignId, kind),
            EventKind.Convert or EventKind.Retract or EventKind.Restate => Of(e.TenantId, e.Source, e.Auction, kind, Text(e.Count)),
            EventKind.BidStats => Of(e.TenantId, e.Source, e.CampaignId, Text(e.TimeTicks), kind),
            EventKind.Campaign => Of(e.TenantId, e.CampaignId, Text(e.Settings?.Version ?? 0)),
            _ => throw new ArgumentOutOfRangeException(nameof(e), e.Kind, null),
        };
    }

    /// <summary>Identity of a list of fields. Null counts as empty.</summary>
    public static EventIdentity Of(params ReadOnlySpan<string?> fields)
    {
        int size = 0;
        foreach (string? field in fields) size += sizeof(int) + Encoding.UTF8.GetMaxByteCount(field?.Length ?? 0);
        byte[]? rented = null;
        Span<byte> bytes = size <= 1024 ? stackalloc byte[1024] : (rented = ArrayPool<byte>.Shared.Rent(size));
        int length = 0;
        foreach (string? field in fields)
        {
            int written = Encoding.UTF8.GetBytes(field, bytes[(length + sizeof(int))..]);
            BinaryPrimitives.WriteInt32BigEndian(bytes[length..], written);
            length += sizeof(int) + written;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return new EventIdentity(BinaryPrimitives.ReadUInt64BigEndian(hash), BinaryPrimitives.ReadUInt64BigEndian(hash[8..]));
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
