using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Model;

/// <summary>Random histories of the ledger against a naive one; the store is the heir's.</summary>
public abstract class LedgerModelTests
{
    /// <summary>AUTOBID_CHAOS=long: many more, and longer, histories.</summary>
    private protected static bool IsLong { get; } = Environment.GetEnvironmentVariable("AUTOBID_CHAOS") == "long";

    private protected abstract int Histories { get; }

    private protected abstract Task<IModelStore> OpenAsync();

    [Fact]
    public void Any_history_leaves_the_ledger_that_a_naive_one_has()
        => Prop.ForAll(Script.Arbitrary(IsLong ? 150 : 70), script => ModelRun.PlayAsync(script, OpenAsync).GetAwaiter().GetResult())
            .Check(Checks.Config.WithMaxTest(IsLong ? 20 * Histories : Histories));
}
