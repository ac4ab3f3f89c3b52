using System.Runtime.InteropServices;

namespace AutoBid.Streaming.Embedded;

/// <summary>Makes the names in a folder durable: on POSIX a new file may vanish in a power cut until its folder is synced. Nothing to do on Windows.</summary>
internal static partial class DirectorySync
{
    private const int ReadOnly = 0;

    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        int descriptor = Open(directory, ReadOnly);
        if (descriptor < 0) throw new IOException($"cannot open {directory} to sync it: {Marshal.GetLastPInvokeErrorMessage()}");
        int result = Sync(descriptor);
        string error = result == 0 ? "" : Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (result != 0) throw new IOException($"cannot sync {directory}: {error}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
