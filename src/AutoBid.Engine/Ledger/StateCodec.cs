using System.Runtime.InteropServices;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;

namespace AutoBid.Engine.Ledger;

/// <summary>A campaign's state as the blob of a snapshot: totals, decision memory, trajectory, running step, conversions.</summary>
public static class StateCodec
{
    private const byte Format = 3;

    public static byte[] Write(CampaignBook book, int campaign)
    {
        ref CampaignEntry entry = ref book[campaign];
        using var stream = new MemoryStream(4096);
        using var writer = new BinaryWriter(stream);
        writer.Write(Format);
        writer.Write(entry.Day);
        writer.Write(entry.DayStartTicks);
        writer.Write(entry.DayEndTicks);
        writer.Write(entry.Reference);
        writer.Write(entry.SpentNanos);
        writer.Write(entry.AdjustedNanos);
        writer.Write(entry.Conversions);
        writer.Write(entry.ConversionValueMicros);
        writer.Write(entry.ValueWonE9);
        writer.Write(entry.StepSpentNanos);
        writer.Write(entry.DayBids);
        writer.Write(entry.DayWins);
        writer.Write(entry.Multiplier);
        writer.Write(entry.RawMultiplier);
        writer.Write(entry.LastPolicyTick);
        writer.Write(entry.LastGood);
        writer.Write(entry.MpcAtStepStart);
        writer.Write(entry.StepStartMultiplier);
        writer.Write(entry.DecidedStep);
        writer.Write(entry.SlotVersion);
        writer.Write(entry.PublishedRows);
        writer.Write(entry.MarketCpa);
        writer.Write(entry.LastDay);
        writer.Write(entry.SpendChanges);
        writer.Write(entry.Clock?.Zone ?? "");
        writer.Write(entry.Zone.Former?.Zone ?? "");
        writer.Write(entry.Zone.FromTicks);
        writer.Write(entry.Zone.FirstDay);
        writer.Write(entry.Zone.FirstEndTicks);
        writer.Write(entry.Block >= 0);
        if (entry.Block >= 0)
        {
            book.Trajectories.Save(entry.Block, writer);
            writer.Write(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref book.Open(campaign), 1)));
        }

        book.Conversions.Write(campaign, writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">The blob is of another format.</exception>
    public static void Read(CampaignBook book, int campaign, byte[] blob)
    {
        ref CampaignEntry entry = ref book[campaign];
        using var stream = new MemoryStream(blob);
        using var reader = new BinaryReader(stream);
        if (reader.ReadByte() != Format) throw new InvalidDataException("The snapshot was written by another version of the engine.");
        entry.Day = reader.ReadInt32();
        entry.DayStartTicks = reader.ReadInt64();
        entry.DayEndTicks = reader.ReadInt64();
        entry.Reference = reader.ReadDouble();
        entry.SpentNanos = reader.ReadInt64();
        entry.AdjustedNanos = reader.ReadInt64();
        entry.Conversions = reader.ReadInt64();
        entry.ConversionValueMicros = reader.ReadInt64();
        entry.ValueWonE9 = reader.ReadInt64();
        entry.StepSpentNanos = reader.ReadInt64();
        entry.DayBids = reader.ReadInt64();
        entry.DayWins = reader.ReadInt64();
        entry.Multiplier = reader.ReadDouble();
        entry.RawMultiplier = reader.ReadDouble();
        entry.LastPolicyTick = reader.ReadInt32();
        entry.LastGood = reader.ReadDouble();
        entry.MpcAtStepStart = reader.ReadDouble();
        entry.StepStartMultiplier = reader.ReadDouble();
        entry.DecidedStep = reader.ReadInt32();
        entry.SlotVersion = reader.ReadInt32();
        entry.PublishedRows = reader.ReadInt32();
        entry.MarketCpa = reader.ReadDouble();
        entry.LastDay = reader.ReadInt32();
        entry.SpendChanges = reader.ReadUInt32();
        // The zone of the running day, which the settings may have left since.
        string zone = reader.ReadString(), former = reader.ReadString();
        if (zone.Length > 0) entry.Clock = book.ClockOf(zone);
        entry.Zone = new ZoneChange(former.Length > 0 ? book.ClockOf(former) : null, reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64());
        if (reader.ReadBoolean())
        {
            book.RentBlock(campaign);
            book.Trajectories.Load(entry.Block, reader);
            stream.ReadExactly(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref book.Open(campaign), 1)));
        }

        book.Conversions.Read(campaign, reader);
    }
}
