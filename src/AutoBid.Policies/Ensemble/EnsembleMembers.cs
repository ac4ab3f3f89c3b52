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
        LiveModel? market = live.FirstOrDefault(model => model is { Name: MarketName, Policy: OnnxMarketPolicy });
        // Without futures there is nothing to choose by.
        Models = market is null ? [] : [.. Proposing.Select(name => live.FirstOrDefault(model => model.Name == name)).OfType<LiveModel>(), market];
        Market = market?.Policy as OnnxMarketPolicy;
        Proposers = [.. Models.Where(model => model != market).Select(model => model.Policy)];
        Model = Models.Length == 0 ? EnsemblePolicy.PolicyName : $"{EnsemblePolicy.PolicyName}({string.Join(", ", Models.Select(model => model.Policy.Model))})";
    }

    public ImmutableArray<LiveModel> Live { get; }

    /// <summary>The models that decide: those that propose, then the market; none without a market.</summary>
    public LiveModel[] Models { get; }

    public IBidPolicy[] Proposers { get; }

    public OnnxMarketPolicy? Market { get; }

    public string Model { get; }
}
