using System.Runtime.InteropServices;

namespace AutoBid.Policies.Models;

/// <summary>Arrays, one of each input, that a device may read where they lie while this is referenced: a run that reads them must hold it.</summary>
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
    /// <param name="arrays">On the pinned heap.</param>
    internal static PinnedRows? TryMake(IReadOnlyList<Array> arrays, Func<Array, object?> pin)
    {
        var pins = new object[arrays.Count];
        for (int i = 0; i < pins.Length; i++)
        {
            if (pin(arrays[i]) is not { } pinned) return null;
            pins[i] = pinned;
        }

        return new PinnedRows([.. arrays.Select(array => Marshal.UnsafeAddrOfPinnedArrayElement(array, 0))], pins);
    }
}
