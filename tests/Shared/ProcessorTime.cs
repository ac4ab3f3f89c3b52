using System.Diagnostics;
using System.Globalization;

namespace AutoBid.Tests.Shared;

/// <summary>What a piece of work costs, whoever else is at work on the machine.</summary>
internal static class ProcessorTime
{
    private const string Statistics = "/proc/thread-self/schedstat";

    /// <summary>
    /// Milliseconds of processor time that the work takes on this thread: the fewest of some rounds. Waiting for a core is not in it, as it would be on a wall
    /// clock; read from the scheduler, which counts in ticks of a few milliseconds. Where the system does not tell it is the wall clock after all.
    /// </summary>
    public static double Of(Action work, int rounds)
    {
        double fewest = double.MaxValue;
        for (int round = 0; round < rounds; round++)
        {
            double before = Now();
            work();
            fewest = Math.Min(fewest, Now() - before);
        }

        return fewest;
    }

    private static double Now() => File.Exists(Statistics)
        ? long.Parse(File.ReadAllText(Statistics).Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture) / 1e6
        : Stopwatch.GetTimestamp() * 1e3 / Stopwatch.Frequency;
}
