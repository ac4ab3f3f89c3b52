using System.Runtime.InteropServices;

namespace AutoBid.Policies.Inference.Cuda;

/// <summary>
/// An array of the pinned heap that GPUs may read where it lies, until the collector finds that nobody holds this any more. It keeps the array alive
/// until its registration is gone: the same addresses cannot be registered twice, so no other array may get them before.
/// </summary>
internal sealed class HostPin
{
    // Giving memory back waits for the device, and a lost one may never answer.
    private static volatile bool _isKept;

    private readonly Array _array;

    private HostPin(Array array) => _array = array;

    ~HostPin()
    {
        if (!_isKept) CudaRuntime.Unregister(AddressOf(_array));
    }

    /// <summary>Null where the memory cannot be registered; then rows go through a session's own buffers.</summary>
    /// <param name="array">Of float or long, on the pinned heap.</param>
    public static HostPin? TryMake(Array array)
        => array.Length > 0 && CudaRuntime.TryRegister(AddressOf(array), Buffer.ByteLength(array)) ? new HostPin(array) : null;

    /// <summary>A device is lost: from here on nothing is given back.</summary>
    public static void KeepAll() => _isKept = true;

    private static nint AddressOf(Array array) => Marshal.UnsafeAddrOfPinnedArrayElement(array, 0);
}
