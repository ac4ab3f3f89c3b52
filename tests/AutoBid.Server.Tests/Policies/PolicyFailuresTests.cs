using AutoBid.Policies.Contracts;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Policies;
using AutoBid.Server.Tests.Testing;
using Microsoft.Extensions.Logging;

namespace AutoBid.Server.Tests.Policies;

/// <summary>What serve writes into its log when a policy throws.</summary>
public sealed class PolicyFailuresTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly ListLogger<PolicyFailures> _log = new();
    private readonly DecisionChain _chain;

    public PolicyFailuresTests() => _chain = new PolicyFailures(_log, _time).Watch(
        new DecisionChain(new PolicyCatalog([new MpcPolicy(), Broken("first"), Broken("second")], null, _time), _metrics));

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void The_first_failure_is_a_line_and_the_next_minute_none()
    {
        for (int i = 0; i < 40; i++) Decide("first");
        _time.Advance(TimeSpan.FromSeconds(59));
        Decide("first");
        Decide("second");
        Assert.Equal([(LogLevel.Error, "policy first failed: first is broken"), (LogLevel.Error, "policy second failed: second is broken")], _log.Lines);
    }

    [Fact]
    public void The_next_line_says_how_many_it_stands_for()
    {
        for (int i = 0; i < 8; i++) Decide("first");
        _time.Advance(TimeSpan.FromMinutes(1));
        Decide("first");
        _time.Advance(TimeSpan.FromMinutes(1));
        Decide("first");
        Assert.Equal(
            ["policy first failed: first is broken", "policy first failed, 7 times more since it was last said: first is broken", "policy first failed: first is broken"],
            _log.Lines.Select(line => line.Text));
    }

    [Fact]
    public void A_member_of_the_ensemble_is_named_as_such()
    {
        using var folder = new TempFolder();
        ModelFiles.Install(folder.Path, "market");
        using var registry = new ModelRegistry(folder.Path, new ModelRegistryOptions(), _metrics, TimeProvider.System);
        registry.Reload();
        var models = new FakeModels { Live = registry.Live };
        models.Serve(Broken("gave"));
        new PolicyFailures(_log, _time).Watch(new EnsemblePolicy(models)).Decide([], [], DecisionScope.Unbounded(_time));
        Assert.Equal("policy ensemble, member gave failed: gave is broken", Assert.Single(_log.Lines).Text);
    }

    private static FakePolicy Broken(string name) => new(name) { OnDecide = () => throw new InvalidOperationException($"{name} is broken") };

    private void Decide(string policy)
    {
        var item = new ChainItem { Input = default(PolicyInput) with { LastMultiplier = 0.9 }, Policy = policy, SafeMultiplier = 1 };
        _chain.Decide([item], new ChainDecision[1], DecisionScope.Unbounded(_time));
    }
}
