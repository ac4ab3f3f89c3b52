using System.Runtime.InteropServices;
using AutoBid.Core.Response;
using AutoBid.Core.Time;

namespace AutoBid.Core.Trajectories;

/// <summary>
/// The trajectories of many campaigns in flat, reference-free chunks: one block of 48 rows and 20 response curves each (4.7 KB).
/// Blocks are rented for active campaigns. Not thread-safe: one owner (the decision loop, or one simulated seat map) writes and reads.
/// </summary>
public sealed class TrajectoryStore(int curvesKept = TrajectoryStore.DefaultCurvesKept)
{
    /// <summary>Steps whose response curves a live engine keeps. Stateless calls and training keep all 48.</summary>
    public const int DefaultCurvesKept = 20;

    internal const int CurveStride = 2 * ResponseGrid.Points;

    private const int ChunkShift = 6;
    private const int ChunkMask = (1 << ChunkShift) - 1;

    private readonly List<Chunk> _chunks = [];
    private readonly Stack<int> _free = new();
    private int _next;

    /// <summary>A zeroed block.</summary>
    public int Rent()
    {
        if (!_free.TryPop(out int block))
        {
            block = _next++;
            if (block >> ChunkShift == _chunks.Count) _chunks.Add(new Chunk(curvesKept));
        }

        Reset(block);
        return block;
    }

    public void Return(int block) => _free.Push(block);

    /// <summary>Forgets the rows and curves of a block: a new day.</summary>
    public void Reset(int block)
    {
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        chunk.Closed[at] = 0;
        chunk.CurveMask[at] = 0;
        Array.Clear(chunk.Rows, at * StepClock.StepsPerDay, StepClock.StepsPerDay);
        Array.Clear(chunk.Curves, at * curvesKept * CurveStride, curvesKept * CurveStride);
    }

    /// <summary>Number of closed steps of the day.</summary>
    public int Closed(int block) => _chunks[block >> ChunkShift].Closed[block & ChunkMask];

    /// <summary>Appends a closed row. Throws when the day already has 48.</summary>
    public void Close(int block, in StepRow row)
    {
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        int step = chunk.Closed[at];
        if (step >= StepClock.StepsPerDay) throw new InvalidOperationException("The day has only 48 steps.");
        chunk.Rows[at * StepClock.StepsPerDay + step] = row;
        chunk.Closed[at] = (byte)(step + 1);
    }

    /// <summary>Appends a closed row with its response curve (24 points each: cost / budget, value x reference / budget).</summary>
    public void Close(int block, in StepRow row, ReadOnlySpan<float> cost, ReadOnlySpan<float> value)
    {
        int step = Closed(block);
        Close(block, row);
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        var curve = chunk.Curves.AsSpan((at * curvesKept + step % curvesKept) * CurveStride, CurveStride);
        for (int i = 0; i < ResponseGrid.Points; i++)
        {
            curve[i] = Kept(cost[i]);
            curve[ResponseGrid.Points + i] = Kept(value[i]);
        }

        chunk.CurveMask[at] |= 1UL << step;
    }

    /// <summary>65,504 budgets in one step are as good as any more of them, and unlike infinity they can be interpolated; NaN (no point) stays.</summary>
    private static Half Kept(float share) => share > (float)Half.MaxValue ? Half.MaxValue : (Half)share;

    /// <summary>Replaces the partial row of the running step.</summary>
    public void SetOpen(int block, in StepRow row)
    {
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        int step = chunk.Closed[at];
        if (step < StepClock.StepsPerDay) chunk.Rows[at * StepClock.StepsPerDay + step] = row;
    }

    /// <summary>A read-only view; valid until the block is written again.</summary>
    public TrajectoryView View(int block)
    {
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        return new TrajectoryView(chunk.Rows, at * StepClock.StepsPerDay, chunk.Curves, at * curvesKept * CurveStride, chunk.Closed[at], chunk.CurveMask[at], curvesKept);
    }

    /// <summary>
    /// Writes a block: closed count, curve mask, closed rows of 16 scalars, kept curves. Native byte order: snapshots stay on their machine.
    /// </summary>
    public void Save(int block, BinaryWriter writer)
    {
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        writer.Write(chunk.Closed[at]);
        writer.Write(chunk.CurveMask[at]);
        foreach (ref StepRow row in chunk.Rows.AsSpan(at * StepClock.StepsPerDay, chunk.Closed[at]))
        {
            writer.Write(Plain(ref row));
            writer.Write(row.Elapsed);
            writer.Write(row.Partial);
        }

        writer.Write(MemoryMarshal.AsBytes(chunk.Curves.AsSpan(at * curvesKept * CurveStride, curvesKept * CurveStride)));
    }

    /// <summary>Reads what <see cref="Save"/> wrote, from a store that keeps as many curves.</summary>
    public void Load(int block, BinaryReader reader)
    {
        Reset(block);
        Chunk chunk = _chunks[block >> ChunkShift];
        int at = block & ChunkMask;
        chunk.Closed[at] = reader.ReadByte();
        chunk.CurveMask[at] = reader.ReadUInt64();
        foreach (ref StepRow row in chunk.Rows.AsSpan(at * StepClock.StepsPerDay, chunk.Closed[at]))
        {
            reader.BaseStream.ReadExactly(Plain(ref row));
            row.Elapsed = reader.ReadSingle();
            row.Partial = reader.ReadSingle();
        }

        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(chunk.Curves.AsSpan(at * curvesKept * CurveStride, curvesKept * CurveStride)));
    }

    /// <summary>The scalars of a row that are stored as they lie in memory: all but Elapsed and Partial, which share its last four bytes.</summary>
    private static Span<byte> Plain(ref StepRow row) => MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref row, 1))[..^sizeof(float)];

    private sealed class Chunk(int curvesKept)
    {
        public readonly StepRow[] Rows = new StepRow[(ChunkMask + 1) * StepClock.StepsPerDay];
        public readonly Half[] Curves = new Half[(ChunkMask + 1) * curvesKept * CurveStride];
        public readonly byte[] Closed = new byte[ChunkMask + 1];
        public readonly ulong[] CurveMask = new ulong[ChunkMask + 1];
    }
}
