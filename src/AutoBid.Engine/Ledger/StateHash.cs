using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// SHA-256 over what a recovery must restore exactly: settled amounts, conversions, closed steps, dedupe state and offsets (design.md section 4).
/// How much of the settled amount lay outside a lease is not part of it: holds die with their process, and a bill that comes after its hold would have
/// ended is on time again under the lease of the dead one.
/// </summary>
public static class StateHash
{
    public static string Of(CampaignBook book, SeenMemory seen, IEnumerable<PartitionOffset> offsets)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Add(long value) => hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<long>(in value)));

        foreach (int campaign in Enumerable.Range(0, book.Count).OrderBy(book.Index.IdOf, StringComparer.Ordinal))
        {
            ref CampaignEntry entry = ref book[campaign];
            hash.AppendData(Encoding.UTF8.GetBytes(book.Index.IdOf(campaign)));
            Add(entry.Day);
            Add(entry.SpentNanos);
            Add(entry.Conversions);
            Add(entry.ConversionValueMicros);
            foreach ((int day, long conversions, long valueMicros) in book.Conversions.Counts(campaign))
            {
                Add(day);
                Add(conversions);
                Add(valueMicros);
            }

            if (entry.Block < 0) continue;
            TrajectoryView view = book.Trajectories.View(entry.Block);
            Add(view.Closed);
            hash.AppendData(MemoryMarshal.AsBytes(view.Rows));
        }

        seen.AppendTo(hash);

        foreach (PartitionOffset offset in offsets.OrderBy(o => o.Topic, StringComparer.Ordinal).ThenBy(o => o.Partition))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(offset.Topic));
            Add(offset.Partition);
            Add(offset.NextOffset);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
