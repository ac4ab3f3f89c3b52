using AutoBid.Cli.Simulation;

namespace AutoBid.Cli.Tests.Simulation;

public sealed class PolicyResolverTests
{
    [Fact]
    public void FindsEveryBuiltInPolicyUnderItsOwnName()
    {
        using var resolver = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
        Assert.Contains("online-lp", PolicyResolver.BuiltIn);
        Assert.All(PolicyResolver.BuiltIn, name => Assert.Equal(name, resolver.Find(name).Name));
        Assert.Null(resolver.TryFind("MPC"));
    }

    [Fact]
    public void AnUnknownNameIsAUsageErrorThatListsTheKnownOnes()
    {
        using var resolver = new PolicyResolver(Path.Combine(Path.GetTempPath(), "autobid-no-such-registry"));
        CommandException error = Assert.Throws<CommandException>(() => resolver.Find("cbd"));
        Assert.Contains("'cbd'", error.Message, StringComparison.Ordinal);
        Assert.Contains("min-pacing-recent", error.Message, StringComparison.Ordinal);
    }
}
