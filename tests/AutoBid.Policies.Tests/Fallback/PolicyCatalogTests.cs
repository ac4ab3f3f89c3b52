using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Fallback;

public sealed class PolicyCatalogTests
{
    private readonly FakeModels _models = new();
    private readonly PolicyCatalog _catalog;

    public PolicyCatalogTests() => _catalog = new PolicyCatalog([new PidPolicy(), new MpcPolicy()], _models, new ManualClock());

    [Theory]
    [InlineData(Verdict.Provisional, "mpc")]
    [InlineData(Verdict.Usable, "mpc")]
    [InlineData(Verdict.Default, "gave")]
    public void Only_the_verdict_default_changes_the_default(Verdict verdict, string expected)
    {
        _models.Serve(new FakePolicy(), verdict);
        Assert.Equal(expected, _catalog.DefaultName);
        Assert.True(_catalog.IsKnown("gave"));
        Assert.Equal(["gave", "mpc", "pid"], _catalog.Names);
    }

    [Fact]
    public void Unknown_names_are_known_to_be_unknown()
    {
        Assert.False(_catalog.IsKnown("gave"));
        Assert.False(_catalog.IsKnown("MPC"));
        Assert.True(_catalog.IsKnown(null));
        Assert.False(_catalog.TryResolve("gave", out _));
        Assert.True(_catalog.TryResolve(null, out var policy) && policy.Name == "mpc");
    }

    [Fact]
    public void A_model_that_leaves_takes_the_default_with_it()
    {
        _models.Serve(new FakePolicy(), Verdict.Default);
        Assert.Equal("gave", _catalog.DefaultName);
        _models.Live = [];
        Assert.Equal("mpc", _catalog.DefaultName);
    }

    [Fact]
    public void Needs_mpc_and_distinct_names()
    {
        Assert.Throws<ArgumentException>(() => new PolicyCatalog([new PidPolicy()], null, new ManualClock()));
        Assert.Throws<ArgumentException>(() => new PolicyCatalog([new MpcPolicy(), new MpcPolicy()], null, new ManualClock()));
    }
}
