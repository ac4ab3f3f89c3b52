using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>Random histories of several nodes against a naive ledger.</summary>
public sealed class ClusterModelTests
{
    private static bool IsLong { get; } = Environment.GetEnvironmentVariable("AUTOBID_CHAOS") == "long";

    [Fact]
    public void Any_history_of_nodes_that_die_are_fenced_and_take_over_leaves_the_ledger_that_a_naive_one_has()
    {
        var counts = new ClusterCounts();
        Prop.ForAll(ClusterScript.Arbitrary(IsLong ? 250 : 120), script => counts.Add(ClusterRun.PlayAsync(script).GetAwaiter().GetResult()))
            .Check(Checks.Config.WithMaxTest(IsLong ? 2_000 : 80));
        TestContext.Current.TestOutputHelper!.WriteLine(counts.ToString());
        Assert.True(counts is { Bids: > 150, Bills: > 80, Crashes: > 20, Fenced: > 5 }, $"too little happened: {counts}");
    }
}
