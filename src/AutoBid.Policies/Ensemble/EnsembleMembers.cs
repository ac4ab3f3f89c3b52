using System.Collections.Immutable;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Market;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Ensemble;

/// <summary>The members that one live set has. Immutable: a batch is decided by one of them, whatever is reloaded meanwhile.</summary>
internal sealed class EnsembleMembers
{
    /// <summary>Names of the models that propose beside MPC, in the order in which ties are broken.</summary>
    public static readonly string[] Proposing = ["gave", "cbd"];

    public const string MarketName = "market";

    public EnsembleMembers(ImmutableArray<LiveModel> live)
    {
        Live = live;
        Proposers = [.. Proposing.Select(name => live.FirstOrDefault(model => model.Name == name)?.Policy).OfType<IBidPolicy>()];
        Market = live.FirstOrDefault(model => model.Name == MarketName)?.Policy as OnnxMarketPolicy;
        // Without futures there is nothing to choose by.
        Model = Market is null ? EnsemblePolicy.PolicyName : $"{EnsemblePolicy.PolicyName}({string.Join(", ", Proposers.Append(Market).Select(policy => policy.Model))})";
    }

    public ImmutableArray<LiveModel> Live { get; }

    public IBidPolicy[] Proposers { get; }

    public OnnxMarketPolicy? Market { get; }

    public string Model { get; }
}
