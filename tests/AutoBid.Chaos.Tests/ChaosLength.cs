[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace AutoBid.Chaos.Tests;

/// <summary>The short run belongs to every test run; AUTOBID_CHAOS=long is <c>./autobid test --chaos</c>.</summary>
internal static class ChaosLength
{
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("AUTOBID_CHAOS") == "long";

    public static T Of<T>(T shortRun, T longRun) => IsLong ? longRun : shortRun;

    /// <summary>Skips a test that would make the short run long.</summary>
    public static void RequireLong(string why)
    {
        if (!IsLong) Assert.Skip($"long run only (./autobid test --chaos): {why}");
    }

    public static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);
}
