using System.Runtime.InteropServices;

namespace AutoBid.Engine.Bidding;

/// <summary>
/// Counts of the bid path per campaign, striped by processor so that two cores rarely share a line. They only ever rise: a reader takes the
/// difference to its last reading, so no count can be lost between two ticks. A campaign has no cells until its first opportunity: most of a million
/// campaigns are idle.
/// </summary>
public sealed class BidCounters
{
    private readonly int _stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));
    private readonly ChunkedArray<Cell> _cells = new();

    // 0: never counted. Invariant: a number is published after its cells exist, and never changes.
    private readonly ChunkedArray<int> _rows = new();
    private readonly Lock _gate = new();
    private int _used;

    public void EnsureCapacity(int campaigns) => _rows.EnsureCapacity(campaigns);

    /// <summary>An opportunity of predicted value <paramref name="valueE9"/> / 1e9. Any thread.</summary>
    public void CountOpportunity(int campaign, long valueE9)
    {
        ref Cell cell = ref Mine(campaign);
        Interlocked.Increment(ref cell.Opportunities);
        Interlocked.Add(ref cell.ValueE9, valueE9);
    }

    /// <summary>A bid that was sent. Any thread.</summary>
    public void CountBid(int campaign, long valueE9, long priceNanos)
    {
        ref Cell cell = ref Mine(campaign);
        Interlocked.Increment(ref cell.Bids);
        Interlocked.Add(ref cell.BidValueE9, valueE9);
        Interlocked.Add(ref cell.BidNanos, priceNanos);
    }

    /// <summary>A bid that found no headroom: it is demand all the same. Any thread; an interlocked write, as marks rely on.</summary>
    public void CountRefusal(int campaign, long priceNanos)
    {
        ref Cell cell = ref Mine(campaign);
        Interlocked.Add(ref cell.RefusedNanos, priceNanos);
        Interlocked.Increment(ref cell.Refusals);
    }

    /// <summary>Totals since the process started.</summary>
    public BidTotals Read(int campaign)
    {
        var totals = default(BidTotals);
        int row = Volatile.Read(ref _rows[campaign]);
        for (int s = 0; s < _stripes && row > 0; s++)
        {
            ref Cell cell = ref _cells[(row - 1) * _stripes + s];
            totals.Opportunities += Volatile.Read(ref cell.Opportunities);
            totals.ValueE9 += Volatile.Read(ref cell.ValueE9);
            totals.Bids += Volatile.Read(ref cell.Bids);
            totals.BidValueE9 += Volatile.Read(ref cell.BidValueE9);
            totals.BidNanos += Volatile.Read(ref cell.BidNanos);
            totals.Refusals += Volatile.Read(ref cell.Refusals);
            totals.RefusedNanos += Volatile.Read(ref cell.RefusedNanos);
        }

        return totals;
    }

    private ref Cell Mine(int campaign)
    {
        int row = Volatile.Read(ref _rows[campaign]);
        if (row == 0) row = FirstRow(campaign);
        return ref _cells[(row - 1) * _stripes + (Thread.GetCurrentProcessorId() & (_stripes - 1))];
    }

    /// <summary>Once in a campaign's life on this node. No tick takes the lock.</summary>
    private int FirstRow(int campaign)
    {
        lock (_gate)
        {
            ref int row = ref _rows[campaign];
            if (row != 0) return row;
            _cells.EnsureCapacity((_used + 1) * _stripes);
            Volatile.Write(ref row, ++_used);
            return row;
        }
    }

    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct Cell
    {
        public long Opportunities;
        public long ValueE9;
        public long Bids;
        public long BidValueE9;
        public long BidNanos;
        public long Refusals;
        public long RefusedNanos;
    }
}
