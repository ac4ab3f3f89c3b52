using System.Diagnostics;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>Waiting for other processes: looks again until it holds or the time is up.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> holds, TimeSpan limit, Func<string> state)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < limit, $"after {limit.TotalSeconds:0} s: {state()}");
            await Task.Delay(25);
        }
    }

    /// <summary>As the other overload, for conditions that say what is missing; null: it holds.</summary>
    public static async Task HoldsAsync(Func<Task<string?>> missing, TimeSpan limit)
    {
        string? last = null;
        await HoldsAsync(async () => (last = await missing()) is null, limit, () => last!);
    }
}
