using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace AutoBid.Benchmarks.Simulator;

/// <summary>
/// What the arithmetic and the memory traffic of a period would take at best on one core of this machine. Counts are read off the vector code, per
/// opportunity and advertiser; the machine's clock and bandwidth are measured in the same run.
/// </summary>
/// <param name="cyclesPerSecond">Of one core.</param>
/// <param name="bytesPerSecond">Read and written, one core, out of cache.</param>
/// <param name="elements">Opportunities x advertisers.</param>
internal sealed class MachineFloor(double cyclesPerSecond, double bytesPerSecond, double elements)
{
    /// <summary>Vector operations a cycle that the core can start.</summary>
    private const double Ports = 2;

    // Vector operations for one vector of float32: draw (two 64-bit words a pair of lanes: 2 x 12), quantile (log 24, rational 22), scale, clip and mean 8;
    // bid 1 and ranking 24; minimum to win, ratio and bounds 12.
    private static readonly (string Name, double Vector, double Scalar, double Bytes)[] Stages =
    [
        ("values: draw, quantile, clip, mean", 78, 0, 4),
        ("bids and ranking", 25, 0, 12),
        ("response curves: ratio, place, two sums", 12, 14, 24),
    ];

    /// <summary>Cycles a second, from a chain of dependent additions, and bytes a second, from a copy far beyond the caches.</summary>
    public static (double CyclesPerSecond, double BytesPerSecond) Measure()
    {
        double cycles = 0, bytes = 0;
        var from = new byte[256 << 20];
        var to = new byte[from.Length];
        for (int i = 0; i < 5; i++)
        {
            long started = Stopwatch.GetTimestamp();
            Chain(200_000_000);
            cycles = Math.Max(cycles, 200_000_000 / Stopwatch.GetElapsedTime(started).TotalSeconds);
            started = Stopwatch.GetTimestamp();
            from.AsSpan().CopyTo(to);
            bytes = Math.Max(bytes, 2.0 * from.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        return (cycles, bytes);
    }

    public IEnumerable<string> Lines(double measuredMilliseconds)
    {
        double lanes = Vector<float>.Count, arithmetic = 0, memory = 0;
        yield return string.Create(CultureInfo.InvariantCulture, $"One core: {cyclesPerSecond / 1e9:0.0} GHz (dependent additions), {bytesPerSecond / 1e9:0.0} GB/s (copy), {lanes} lanes of float32, {Ports} vector operations a cycle.");
        yield return "";
        yield return "| stage, per opportunity and advertiser | vector operations a vector | scalar operations | bytes through the last-level cache | arithmetic floor ms | memory floor ms |";
        yield return "|---|---|---|---|---|---|";
        foreach ((string name, double vector, double scalar, double bytes) in Stages)
        {
            // Scalar code starts about three operations a cycle where loads and stores are among them.
            double compute = elements * (vector / lanes / Ports + scalar / 3) / cyclesPerSecond * 1e3, traffic = elements * bytes / bytesPerSecond * 1e3;
            arithmetic += compute;
            memory += traffic;
            yield return string.Create(CultureInfo.InvariantCulture, $"| {name} | {vector} | {scalar} | {bytes} | {compute:0} | {traffic:0} |");
        }

        yield return "";
        yield return string.Create(CultureInfo.InvariantCulture, $"Sum on one core: arithmetic {arithmetic:0} ms, memory {memory:0} ms; measured {measuredMilliseconds:0} ms is {measuredMilliseconds / Math.Max(arithmetic, memory):0.0} times the higher of the two.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Chain(long count)
    {
        long x = count;
        // Each step needs the one before: one cycle each, whatever the core could do beside it.
        for (long i = 0; i < count; i += 8)
        {
            x = (x ^ i) + 1;
            x = (x ^ i) + 1;
            x = (x ^ i) + 1;
            x = (x ^ i) + 1;
        }

        return x;
    }
}
