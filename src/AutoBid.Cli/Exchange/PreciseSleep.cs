using System.Runtime.InteropServices;

namespace AutoBid.Cli.Exchange;

/// <summary>Sleeps far shorter than the timer of the runtime allows, so that a schedule of requests is kept to some 0.1 ms without burning a core.</summary>
internal static partial class PreciseSleep
{
    private const long Second = 1_000_000_000;

    public static void Nanoseconds(long nanoseconds)
    {
        if (OperatingSystem.IsWindows())
        {
            Thread.Sleep((int)Math.Max(1, nanoseconds / 1_000_000));
            return;
        }

        var time = new TimeSpec { Seconds = (nint)(nanoseconds / Second), Nanoseconds = (nint)(nanoseconds % Second) };
        // An early return, by a signal, only makes the caller look at the clock once more.
        _ = NanoSleep(ref time, 0);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(ref TimeSpec time, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
