namespace AutoBid.Policies.Inference.Cuda;

/// <summary>
/// Host memory that GPUs may read where it lies, until the collector finds that nobody holds this any more. It keeps the memory's owner until the
/// registration is gone: the same addresses cannot be registered twice, so nobody else may get them before.
/// </summary>
internal sealed class HostPin
{
    // Giving memory back waits for the device, and a lost one may never answer.
    private static volatile bool _isKept;

    private readonly object _owner;
    private readonly nint _address;

    private HostPin(object owner, nint address)
    {
        _owner = owner;
        _address = address;
    }

    ~HostPin()
    {
        if (!_isKept) CudaRuntime.Unregister(_address);
        GC.KeepAlive(_owner);
    }

    /// <summary>Null where the memory cannot be registered; then rows go through a session's own buffers.</summary>
    /// <param name="address">Of whole pages that nothing else lies on.</param>
    public static HostPin? TryMake(object owner, nint address, long bytes) => CudaRuntime.TryRegister(address, bytes) ? new HostPin(owner, address) : null;

    /// <summary>A device is lost: from here on nothing is given back.</summary>
    public static void KeepAll() => _isKept = true;
}
