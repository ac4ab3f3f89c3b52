namespace AutoBid.Policies.Models;

/// <summary>Host memory, a piece of each input, that a device may read where it lies while this is referenced: a run that reads it must hold it.</summary>
public sealed class PinnedRows
{
    private readonly object[] _pins;

    private PinnedRows(nint[] addresses, object[] pins)
    {
        Addresses = addresses;
        _pins = pins;
    }

    /// <summary>Of the first row in each input.</summary>
    public IReadOnlyList<nint> Addresses { get; }

    /// <summary>Null where one of them cannot be pinned.</summary>
    internal static PinnedRows? TryMake(IReadOnlyList<RowBuffer> buffers, Func<object, nint, long, object?> pin)
    {
        var pins = new object[buffers.Count];
        for (int i = 0; i < pins.Length; i++)
        {
            if (pin(buffers[i].Owner, buffers[i].Address, buffers[i].Bytes) is not { } pinned) return null;
            pins[i] = pinned;
        }

        return new PinnedRows([.. buffers.Select(buffer => buffer.Address)], pins);
    }
}
