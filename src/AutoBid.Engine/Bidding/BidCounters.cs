using System.Runtime.InteropServices;

namespace AutoBid.Engine.Bidding;

/// <summary>
/// Counts of the bid path per campaign, striped by processor so that two cores rarely share a line. They only ever rise: a reader takes the
/// difference to its last reading, so no count can be lost between two ticks.
/// </summary>
public sealed class BidCounters
{
    private readonly int _stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));
    private readonly ChunkedArray<Cell> _cells = new();

    public void EnsureCapacity(int campaigns) => _cells.EnsureCapacity(campaigns * _stripes);

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
        for (int s = 0; s < _stripes; s++)
        {
            ref Cell cell = ref _cells[campaign * _stripes + s];
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

    private ref Cell Mine(int campaign) => ref _cells[campaign * _stripes + (Thread.GetCurrentProcessorId() & (_stripes - 1))];

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
