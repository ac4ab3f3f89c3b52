using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoBid.Policies.Models;

/// <summary>Room for the rows of one input.</summary>
internal abstract class RowBuffer
{
    /// <summary>The array that it lies in.</summary>
    public abstract object Owner { get; }

    /// <summary>Of its first element; it stays there while the owner lives. 0 for buffers that a device does not read.</summary>
    public nint Address { get; protected init; }

    /// <summary>Whole pages for buffers that a device reads.</summary>
    public long Bytes { get; protected init; }
}

/// <inheritdoc/>
internal sealed class RowBuffer<T> : RowBuffer
    where T : unmanaged
{
    private readonly T[] _array;
    private readonly int _first;

    /// <param name="forDevice">
    /// Never moved, and alone on its pages: a device maps whole pages, and when it lets go of one buffer it lets go of all that lies on its pages.
    /// </param>
    public RowBuffer(int length, bool forDevice)
    {
        if (!forDevice)
        {
            _array = new T[length];
            Bytes = (long)length * Unsafe.SizeOf<T>();
            return;
        }

        long page = Environment.SystemPageSize;
        Bytes = ((long)length * Unsafe.SizeOf<T>() + page - 1) / page * page;
        _array = GC.AllocateArray<T>(checked((int)((Bytes + page) / Unsafe.SizeOf<T>())), pinned: true);
        nint start = Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0);
        Address = (nint)((start + page - 1) / page * page);
        _first = (int)((Address - start) / Unsafe.SizeOf<T>());
    }

    public override object Owner => _array;

    public Span<T> Rows(int count) => _array.AsSpan(_first, count);
}
