using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Inference.Cuda;

/// <summary>
/// The few calls of NVIDIA's runtime that a slot needs beside ONNX Runtime: pinned memory, device memory, a stream, copies on it. The library is the
/// one that ONNX Runtime's provider has loaded; without it every call says that there is no GPU.
/// </summary>
internal static partial class CudaRuntime
{
    private const string Library = "cudart";
    private const int OutOfMemory = 2;

    /// <summary>Pinned for every context, and readable by kernels where it lies.</summary>
    private const uint PortableMapped = 3;

    private const uint NonBlocking = 1;

    private const int Relaxed = 2;

    private static readonly string[] Names = ["libcudart.so.13", "libcudart.so.12", "libcudart.so"];

    static CudaRuntime() => NativeLibrary.SetDllImportResolver(typeof(CudaRuntime).Assembly, Resolve);

    /// <summary>Devices that this process may use; 0 without driver or library.</summary>
    public static int Devices()
    {
        try
        {
            return cudaGetDeviceCount(out int count) == 0 ? count : 0;
        }
        catch (DllNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>Makes the device current on this thread.</summary>
    public static void Use(int device) => Check(cudaSetDevice(device), "choose device " + device.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// From here on this thread's calls leave the captures of other threads alone. Without it any wait or copy of a serving thread would break the
    /// capture that a reload makes beside it.
    /// </summary>
    public static void LeaveCapturesAlone()
    {
        int mode = Relaxed;
        Check(cudaThreadExchangeStreamCaptureMode(ref mode), "change its capture mode");
    }

    /// <summary>Free and total bytes of the current device.</summary>
    public static (long Free, long Total) Memory()
    {
        Check(cudaMemGetInfo(out nuint free, out nuint total), "read its memory");
        return ((long)free, (long)total);
    }

    public static nint AllocateDevice(long bytes)
    {
        Check(cudaMalloc(out nint pointer, (nuint)bytes), "allocate " + bytes.ToString(CultureInfo.InvariantCulture) + " bytes");
        return pointer;
    }

    /// <summary>Pinned host memory, zeroed.</summary>
    public static unsafe nint AllocatePinned(long bytes)
    {
        Check(cudaHostAlloc(out nint pointer, (nuint)bytes, PortableMapped), "pin " + bytes.ToString(CultureInfo.InvariantCulture) + " bytes");
        NativeMemory.Clear((void*)pointer, (nuint)bytes);
        return pointer;
    }

    public static nint CreateStream()
    {
        Check(cudaStreamCreateWithFlags(out nint stream, NonBlocking), "create a stream");
        return stream;
    }

    /// <summary>Copies on the stream; the direction follows from the addresses.</summary>
    public static void Copy(nint to, nint from, long bytes, nint stream) => Check(cudaMemcpyAsync(to, from, (nuint)bytes, 4, stream), "copy");

    /// <summary>Zeroes device memory on the stream.</summary>
    public static void Zero(nint at, long bytes, nint stream) => Check(cudaMemsetAsync(at, 0, (nuint)bytes, stream), "clear rows");

    /// <summary>Lets every GPU read host memory where it lies; false where it will not.</summary>
    public static bool TryRegister(nint address, long bytes)
    {
        // On a thread of its caller's, at any time: pinning must not break a capture that another thread makes.
        int mode = Relaxed;
        if (cudaThreadExchangeStreamCaptureMode(ref mode) != 0) return false;
        bool done = cudaHostRegister(address, (nuint)bytes, PortableMapped) == 0;
        if (!done) _ = cudaGetLastError();
        _ = cudaThreadExchangeStreamCaptureMode(ref mode);
        return done;
    }

    public static void Unregister(nint address)
    {
        int mode = Relaxed;
        _ = cudaThreadExchangeStreamCaptureMode(ref mode);
        _ = cudaHostUnregister(address);
        _ = cudaThreadExchangeStreamCaptureMode(ref mode);
    }

    /// <summary>Returns once everything on the stream is done.</summary>
    public static void Wait(nint stream) => Check(cudaStreamSynchronize(stream), "finish a run");

    // Releasing never throws: after a lost device every call fails, and there is nothing left to release.
    public static void FreeDevice(nint pointer) => _ = cudaFree(pointer);

    public static void FreePinned(nint pointer) => _ = cudaFreeHost(pointer);

    public static void Destroy(nint stream) => _ = cudaStreamDestroy(stream);

    /// <summary>
    /// What an error of another component means. An error that is still there after it was read is sticky: the context is broken, and with it every
    /// later call of this process.
    /// </summary>
    public static InferenceFault Classify(string message, nint stream)
    {
        int read = cudaGetLastError();
        if (cudaStreamSynchronize(stream) != 0 || cudaMemGetInfo(out _, out _) != 0) return InferenceFault.DeviceLost;
        bool memory = read == OutOfMemory || message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
            || message.Contains("allocate memory", StringComparison.OrdinalIgnoreCase);
        return memory ? InferenceFault.OutOfMemory : InferenceFault.Model;
    }

    private static void Check(int error, string what)
    {
        if (error == 0) return;
        string name = Marshal.PtrToStringUTF8(cudaGetErrorString(error)) ?? "unknown error";
        _ = cudaGetLastError();
        // cudaMemGetInfo needs a working context and nothing else.
        InferenceFault fault = error == OutOfMemory ? InferenceFault.OutOfMemory : cudaMemGetInfo(out _, out _) == 0 ? InferenceFault.Model : InferenceFault.DeviceLost;
        throw new InferenceException(string.Create(CultureInfo.InvariantCulture, $"the GPU could not {what}: {name} ({error})"), fault);
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library) return 0;
        foreach (string candidate in Names)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle)) return handle;
        }

        return 0;
    }

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaGetDeviceCount(out int count);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaSetDevice(int device);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaThreadExchangeStreamCaptureMode(ref int mode);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaMemGetInfo(out nuint free, out nuint total);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaMalloc(out nint pointer, nuint bytes);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaFree(nint pointer);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaHostAlloc(out nint pointer, nuint bytes, uint flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaFreeHost(nint pointer);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaHostRegister(nint pointer, nuint bytes, uint flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaHostUnregister(nint pointer);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaMemsetAsync(nint pointer, int value, nuint bytes, nint stream);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaStreamCreateWithFlags(out nint stream, uint flags);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaStreamDestroy(nint stream);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaStreamSynchronize(nint stream);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaMemcpyAsync(nint to, nint from, nuint bytes, int kind, nint stream);

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int cudaGetLastError();

    [LibraryImport(Library)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint cudaGetErrorString(int error);
}
