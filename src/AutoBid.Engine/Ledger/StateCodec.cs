using System.Runtime.InteropServices;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// A campaign's state as blobs of a snapshot: closed steps with their curves, which change once a step, apart from the rest (totals, decision memory, running
/// step, conversions), a fifth of their size.
/// Invariant: both parts of a stored state are of one instant, because a commit that changes the rest carries the steps too whenever they changed.
/// </summary>
public static class StateCodec
{
    private const byte Format = 4;

    /// <summary>Adds what a commit must carry of a campaign: its running part, and its closed steps unless the store has them.</summary>
    public static void Add(CampaignBook book, int campaign, List<CampaignState> states)
    {
        ref CampaignEntry entry = ref book[campaign];
        (string tenant, string id, int partition) = (entry.Settings!.TenantId, entry.Settings.Id, entry.Partition);
        byte closed = entry.Block < 0 ? (byte)0 : (byte)book.Trajectories.Closed(entry.Block);
        // Rows outlive their day by one.
        int day = closed == 0 ? 0 : entry.Day != 0 ? entry.Day : entry.LastDay;
        if (entry.StoredDay != 0 && entry.StoredDay != day) states.Add(new CampaignState(tenant, id, partition, entry.StoredDay, []));
        // Closed steps are never rewritten: as many of the same day are the same.
        if (day != 0 && (day != entry.StoredDay || closed != entry.StoredSteps)) states.Add(new CampaignState(tenant, id, partition, day, WriteSteps(book, entry.Block)));
        (entry.StoredDay, entry.StoredSteps) = (day, closed);
        states.Add(new CampaignState(tenant, id, partition, CampaignState.Running, WriteRunning(book, campaign)));
    }

    /// <summary>Restores a part; the running one comes first.</summary>
    /// <exception cref="InvalidDataException">The blob is of another format, or not of the day that the running part names.</exception>
    public static void Read(CampaignBook book, int campaign, in CampaignState state)
    {
        if (state.Day == CampaignState.Running) ReadRunning(book, campaign, state.Blob);
        else ReadSteps(book, campaign, state);
    }

    private static byte[] WriteSteps(CampaignBook book, int block)
    {
        using var stream = new MemoryStream(4096);
        using var writer = new BinaryWriter(stream);
        writer.Write(Format);
        book.Trajectories.Save(block, writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static void ReadSteps(CampaignBook book, int campaign, in CampaignState state)
    {
        ref CampaignEntry entry = ref book[campaign];
        if (state.Day != entry.StoredDay || entry.Block < 0)
            throw new InvalidDataException($"The snapshot of campaign {state.CampaignId} has steps of {state.Day}, its state names those of {entry.StoredDay}.");
        using var stream = new MemoryStream(state.Blob);
        using var reader = new BinaryReader(stream);
        CheckFormat(reader);
        book.Trajectories.Load(entry.Block, reader);
    }

    private static void CheckFormat(BinaryReader reader)
    {
        if (reader.ReadByte() != Format) throw new InvalidDataException("The snapshot was written by another version of the engine.");
    }

    private static byte[] WriteRunning(CampaignBook book, int campaign)
    {
        ref CampaignEntry entry = ref book[campaign];
        using var stream = new MemoryStream(1024);
        using var writer = new BinaryWriter(stream);
        writer.Write(Format);
        writer.Write(entry.StoredDay);
        writer.Write(entry.StoredSteps);
        writer.Write(entry.BudgetVersion);
        writer.Write(entry.BudgetDay);
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
        if (entry.Block >= 0) writer.Write(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref book.Open(campaign), 1)));

        book.Conversions.Write(campaign, writer);
        writer.Flush();
        return stream.ToArray();
    }

    private static void ReadRunning(CampaignBook book, int campaign, byte[] blob)
    {
        ref CampaignEntry entry = ref book[campaign];
        using var stream = new MemoryStream(blob);
        using var reader = new BinaryReader(stream);
        CheckFormat(reader);
        entry.StoredDay = reader.ReadInt32();
        entry.StoredSteps = reader.ReadByte();
        entry.BudgetVersion = reader.ReadInt64();
        entry.BudgetDay = reader.ReadInt32();
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
            stream.ReadExactly(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref book.Open(campaign), 1)));
        }

        book.Conversions.Read(campaign, reader);
    }
}
