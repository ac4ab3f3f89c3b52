using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AutoBid.Core.Campaigns;
using AutoBid.Core.Conversions;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Engine.Campaigns;

namespace AutoBid.Engine.Conversions;

/// <summary>
/// Click days and delays of every campaign that has any, in flat chunks. Conversions reach it as changes of the <see cref="ConversionBook"/>'s entries,
/// so that retractions and restatements move the day that they belong to. Owned by the loop's thread.
/// </summary>
public sealed class ConversionLedger(DelayPrior prior)
{
    private readonly ChunkedArray<int> _slots = new();
    private readonly ChunkedArray<ConversionState> _states = new();
    private readonly DelayCurve _curve = new();
    private int _rented;

    /// <summary>Single conversions, for retractions and restatements.</summary>
    public ConversionBook Book { get; } = new();

    /// <summary>Takes over what an event changed.</summary>
    public void Apply(int campaign, in ConversionChange change)
    {
        if (change.IsEmpty) return;
        ref ConversionState state = ref Rent(campaign);
        if (change.Before.Counts) Move(ref state, change.Before, -1);
        if (change.After.Counts) Move(ref state, change.After, 1);
        // A conversion that moves between days changes both, one that stays is one change.
        if (change.Before.Counts && change.Before.ClickDay != change.After.ClickDay) Raise(ref state, change.Before.ClickDay, 1);
        Raise(ref state, change.After.Counts ? change.After.ClickDay : change.Before.ClickDay, 1);
    }

    /// <summary>Money of a day gone by came or went.</summary>
    public void TouchSpend(int campaign, int day) => Raise(ref Rent(campaign), day, 1);

    /// <summary>
    /// A day is over: its wins become a click day, and the exposure of all kept days since the last fold joins the delay evidence.
    /// </summary>
    /// <param name="rows">The day's 48 rows.</param>
    /// <param name="spendChanges">How often the day's spend changed.</param>
    public void CloseDay(int campaign, DayBounds day, ReadOnlySpan<StepRow> rows, uint spendChanges)
    {
        double won = 0;
        foreach (ref readonly StepRow row in rows) won += row.ValueWon;
        if (Slot(campaign) == 0 && won <= 0 && spendChanges == 0) return;
        ref ConversionState state = ref Rent(campaign);
        if (won > 0 || spendChanges > 0)
        {
            Raise(ref state, day.Day, spendChanges);
            ref ClickDay click = ref ConversionState.RowOf(ref state, day.Day);
            if (won > 0 && !Unsafe.IsNullRef(ref click)) SetWins(ref click, day, rows, won);
        }

        Fold(ref state, day.EndTicks);
    }

    /// <summary>What of the day's and of earlier days' predicted value is pending and what was due today, for the guard.</summary>
    public (double Pending, double Carried) Due(int campaign, in CampaignEntry entry, in TrajectoryView trajectory, long nowTicks)
    {
        SetCurve(campaign, entry);
        var day = new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks);
        double pending = DayArrivals.Pending(_curve, trajectory, day, nowTicks);
        if (_curve.IsAtOnce || Slot(campaign) == 0) return (pending, 0);
        double carried = 0;
        ReadOnlySpan<ClickDay> rows = State(campaign).Click;
        foreach (ref readonly ClickDay row in rows)
            if (row.ValueWon > 0 && row.Day != entry.Day) carried += row.ValueWon * Math.Max(Arrived(row, nowTicks) - Arrived(row, entry.DayStartTicks), 0);
        return (pending, carried);
    }

    /// <summary>The click days, oldest first, without their spend; the running day is one of them.</summary>
    /// <param name="closedBefore">Days before this one (yyyymmdd) are older than the longest delay.</param>
    internal List<ClickDayView> Days(int campaign, in CampaignEntry entry, in TrajectoryView trajectory, long nowTicks, int closedBefore)
    {
        SetCurve(campaign, entry);
        bool valueIsConversions = ValueIsConversions(entry);
        double running = entry.Day != 0 ? entry.ValueWonE9 / 1e9 : 0;
        double runningPending = entry.Day != 0
            ? Math.Min(DayArrivals.Pending(_curve, trajectory, new DayBounds(entry.Day, entry.DayStartTicks, entry.DayEndTicks), nowTicks), running) : 0;
        var rows = new List<ClickDay>();
        if (Slot(campaign) != 0)
            foreach (ClickDay row in (ReadOnlySpan<ClickDay>)State(campaign).Click) if (row.Day != 0) rows.Add(row);
        if (entry.Day != 0 && !rows.Exists(HasDay(entry.Day))) rows.Add(new ClickDay { Day = entry.Day });
        rows.Sort(static (a, b) => a.Day.CompareTo(b.Day));

        double allArrived = 0, allDue = running - runningPending;
        foreach (ClickDay row in rows)
        {
            allArrived += row.Conversions;
            if (row.Day != entry.Day && row.ValueWon > 0) allDue += row.ValueWon * Arrived(row, nowTicks);
        }

        var views = new List<ClickDayView>(rows.Count);
        foreach (ClickDay row in rows)
        {
            bool isRunning = row.Day == entry.Day, isClosed = row.Day < closedBefore;
            double pending = isRunning ? runningPending : isClosed ? 0 : row.ValueWon * (1 - Arrived(row, nowTicks));
            var final = FinalConversions.Of(row.Conversions, pending, allArrived, allDue, valueIsConversions);
            views.Add(new ClickDayView(
                row.Day, row.Version + (isRunning ? entry.SpendChanges : 0L), 0, row.Conversions, row.ConversionValueMicros, final.Expected, final.Deviation, isClosed));
        }

        return views;
    }

    /// <summary>Forgets a campaign's conversions: another node keeps its ledger now.</summary>
    public void Forget(int campaign)
    {
        Book.Prune(campaign, long.MaxValue);
        if (Slot(campaign) != 0) State(campaign) = default;
    }

    internal void Write(int campaign, BinaryWriter writer)
    {
        bool isRented = Slot(campaign) != 0;
        writer.Write(isRented);
        if (isRented)
        {
            ref ConversionState state = ref State(campaign);
            writer.Write(state.FoldedTicks);
            writer.Write(MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(ref state.Delays, 1)));
            ClickDay[] rows = [.. ((ReadOnlySpan<ClickDay>)state.Click).ToArray().Where(row => row.Day != 0).OrderBy(row => row.Day)];
            writer.Write((byte)rows.Length);
            writer.Write(MemoryMarshal.AsBytes<ClickDay>(rows));
        }

        Book.Write(campaign, writer);
    }

    internal void Read(int campaign, BinaryReader reader)
    {
        if (reader.ReadBoolean())
        {
            ref ConversionState state = ref Rent(campaign);
            state = default;
            state.FoldedTicks = reader.ReadInt64();
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref state.Delays, 1)));
            int count = reader.ReadByte();
            if (count > ConversionState.Days) throw new InvalidDataException($"The snapshot holds {count} click days.");
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(((Span<ClickDay>)state.Click)[..count]));
        }

        Book.Read(campaign, reader);
    }

    /// <summary>The conversions by click day, for the state hash.</summary>
    internal IEnumerable<(int Day, long Conversions, long ValueMicros)> Counts(int campaign)
        => Slot(campaign) == 0 ? [] : ((ReadOnlySpan<ClickDay>)State(campaign).Click).ToArray()
            .Where(row => row.Conversions != 0 || row.ConversionValueMicros != 0).OrderBy(row => row.Day)
            .Select(row => (row.Day, (long)row.Conversions, row.ConversionValueMicros));

    private static Predicate<ClickDay> HasDay(int day) => row => row.Day == day;

    private static void Move(ref ConversionState state, in ConversionMark mark, int change)
    {
        if (mark.IsTimed) state.Delays.Add(mark.DelayTicks, change);
        else state.Delays.AddUntimed(change);
        ref ClickDay row = ref ConversionState.RowOf(ref state, mark.ClickDay);
        if (Unsafe.IsNullRef(ref row)) return;
        row.Conversions += change;
        row.ConversionValueMicros += change * mark.ValueMicros;
    }

    private static void Raise(ref ConversionState state, int day, uint by)
    {
        if (by == 0) return;
        ref ClickDay row = ref ConversionState.RowOf(ref state, day);
        if (!Unsafe.IsNullRef(ref row)) row.Version += by;
    }

    private static void SetWins(ref ClickDay click, DayBounds day, ReadOnlySpan<StepRow> rows, double won)
    {
        double mean = 0, square = 0;
        for (int s = 0; s < rows.Length; s++)
        {
            double middle = s + 0.5, weight = rows[s].ValueWon / won;
            mean += weight * middle;
            // A step's wins spread evenly over it: variance 1/12 of its own.
            square += weight * (middle * middle + 1.0 / 12);
        }

        double half = Math.Sqrt(3 * Math.Max(square - mean * mean, 0)), step = (day.EndTicks - day.StartTicks) / (double)StepClock.StepsPerDay;
        click.ValueWon = (float)won;
        click.WonFrom = Seconds(day.StartTicks + (long)(Math.Max(mean - half, 0) * step));
        click.WonTo = Seconds(day.StartTicks + (long)(Math.Min(mean + half, StepClock.StepsPerDay) * step));
    }

    private static void Fold(ref ConversionState state, long nowTicks)
    {
        Span<double> exposed = stackalloc double[DelayBins.Count];
        exposed.Clear();
        long from = state.FoldedTicks;
        foreach (ref readonly ClickDay row in (ReadOnlySpan<ClickDay>)state.Click)
        {
            if (!(row.ValueWon > 0)) continue;
            for (int b = 0; b < DelayBins.Count; b++)
                exposed[b] += row.ValueWon * (Passed(b, row, nowTicks) - (from == 0 ? 0 : Passed(b, row, from)));
        }

        state.Delays.Fold(exposed, from == 0 ? 0 : (nowTicks - from) / (double)TimeSpan.TicksPerDay);
        state.FoldedTicks = nowTicks;
    }

    private static double Passed(int bin, in ClickDay row, long atTicks)
    {
        double now = SecondsOf(atTicks);
        // Before the wins nothing has passed; a time inside the wins' own spread sees only those before it, which happens to no closed day.
        return now <= row.WonFrom ? 0 : DelayBins.Passed(bin, Math.Max(now - row.WonTo, 0) / 60, (now - row.WonFrom) / 60);
    }

    private double Arrived(in ClickDay row, long atTicks)
    {
        double now = SecondsOf(atTicks);
        return now <= row.WonFrom ? 0 : _curve.MeanArrived(Math.Max(now - row.WonTo, 0) / 60, (now - row.WonFrom) / 60);
    }

    private static bool ValueIsConversions(in CampaignEntry entry) => entry.Settings!.Objective != Objective.TargetRoas;

    private void SetCurve(int campaign, in CampaignEntry entry)
    {
        if (Slot(campaign) == 0) _curve.Set(prior);
        else _curve.Set(State(campaign).Delays, prior, ValueIsConversions(entry));
    }

    private int Slot(int campaign) => campaign < _slots.Capacity ? _slots[campaign] : 0;

    private ref ConversionState State(int campaign) => ref _states[_slots[campaign] - 1];

    private ref ConversionState Rent(int campaign)
    {
        _slots.EnsureCapacity(campaign + 1);
        ref int slot = ref _slots[campaign];
        if (slot == 0)
        {
            slot = ++_rented;
            _states.EnsureCapacity(slot);
        }

        return ref _states[slot - 1];
    }

    private static uint Seconds(long ticks) => (uint)Math.Clamp((ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond, 0, uint.MaxValue);

    private static double SecondsOf(long ticks) => (ticks - DateTime.UnixEpoch.Ticks) / (double)TimeSpan.TicksPerSecond;
}
