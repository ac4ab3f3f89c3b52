using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Market;

/// <summary>What to bid, given sampled futures of a campaign's market.</summary>
internal interface IFutureChoice
{
    /// <summary>Decides what needs no futures; false: they are sampled.</summary>
    /// <param name="item">Index of the input in the call.</param>
    bool TryWithout(int item, in PolicyInput input, out PolicyDecision decision);

    /// <summary>What to answer where the graph's futures are not numbers: nothing in them is believed.</summary>
    PolicyDecision WithoutFutures(int item);

    /// <param name="futures">Known futures; the caller's until the call returns.</param>
    PolicyDecision Choose(MarketFutures futures, int item, in PolicyInput input);
}
