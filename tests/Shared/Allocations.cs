namespace AutoBid.Tests.Shared;

/// <summary>What a piece of work allocates.</summary>
internal static class Allocations
{
    private const int Rounds = 10;

    /// <summary>
    /// Bytes that the work allocates on this thread each time: the fewest of some rounds. A collection that another test causes, or a method that is compiled
    /// again, is now and then charged to this thread; what the work itself allocates is there every time.
    /// </summary>
    public static long Of(Action work)
    {
        long fewest = long.MaxValue;
        for (int round = 0; round < Rounds && fewest > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return fewest;
    }
}
