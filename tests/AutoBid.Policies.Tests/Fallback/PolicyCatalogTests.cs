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
    public void Without_any_model_it_says_so()
    {
        Assert.Equal("policy mpc: no model has the verdict default (there is no model)", _catalog.Describe(null).ToString());
        Assert.Equal(new PolicyChoice("mpc", "mpc", null, "no model has the verdict default (there is no model)"), new PolicyCatalog([new MpcPolicy()], null, new ManualClock()).Describe(null));
    }

    [Theory]
    [InlineData(Verdict.Provisional, "the gate has not run", "policy mpc: no model has the verdict default (gave/1: provisional, the gate has not run)")]
    [InlineData(Verdict.Usable, "", "policy mpc: no model has the verdict default (gave/1: usable)")]
    [InlineData(Verdict.Default, "beats mpc", "policy gave/1: default, beats mpc")]
    [InlineData(Verdict.Default, "", "policy gave/1: default")]
    public void It_says_what_campaigns_without_a_policy_run_under_and_why(Verdict verdict, string reason, string expected)
    {
        _models.Serve(new FakePolicy(), verdict, reason);
        PolicyChoice choice = _catalog.Describe(null);
        Assert.Equal(expected, choice.ToString());
        Assert.Equal(_catalog.DefaultName, choice.Name);
        Assert.Equal(verdict == Verdict.Default ? "default" : null, choice.Verdict);
    }

    [Fact]
    public void Refused_models_explain_why_none_or_an_older_one_decides()
    {
        _models.Refusals = [new ModelRefusal("gave", "2", RefusalReason.Hash, "model.onnx has SHA-256 aa"), new ModelRefusal("cbd", "1", RefusalReason.Kind, "not served")];
        Assert.Equal(
            "policy mpc: no model has the verdict default (gave/2: refused, model.onnx has SHA-256 aa; cbd/1: refused, not served)", _catalog.Describe(null).ToString());
        _models.Serve(new FakePolicy(), Verdict.Default, "beats mpc");
        Assert.Equal("policy gave/1: default, beats mpc (gave/2: refused, model.onnx has SHA-256 aa)", _catalog.Describe(null).ToString());
    }

    [Fact]
    public void A_policy_asked_for_by_name_says_what_it_is()
    {
        Assert.Equal("policy pid: asked for by name", _catalog.Describe("pid").ToString());
        Assert.Equal("policy mpc: asked for by name", _catalog.Describe("mpc").ToString());
        Assert.Equal("not served here", _catalog.Describe("gave").Reason);
        _models.Refusals = [new ModelRefusal("gave", "2", RefusalReason.Parity, "parity: wrong")];
        Assert.Equal("not served here (gave/2: refused, parity: wrong)", _catalog.Describe("gave").Reason);
        _models.Refusals = [];
        _models.Serve(new FakePolicy(), Verdict.Provisional, "the gate has not run");
        Assert.Equal(new PolicyChoice("gave", "gave/1", "provisional", "provisional, the gate has not run; asked for by name"), _catalog.Describe("gave"));
    }

    [Fact]
    public void Needs_mpc_and_distinct_names()
    {
        Assert.Throws<ArgumentException>(() => new PolicyCatalog([new PidPolicy()], null, new ManualClock()));
        Assert.Throws<ArgumentException>(() => new PolicyCatalog([new MpcPolicy(), new MpcPolicy()], null, new ManualClock()));
    }
}
