using AutoBid.Engine.Events;
using AutoBid.Engine.Loop;

namespace AutoBid.Simulator.Market;

/// <summary>
/// A bidder with a virtual clock, as an exchange sees it: over HTTP or in process. One request is in flight at a time, and a notice speaks of the bid
/// before it. What the exchange does is written once, in <see cref="MarketPlayer"/>.
/// </summary>
public interface IMarketBidder
{
    /// <summary>Asks for a bid. The opportunity has at least one candidate with a value; those without one are not asked for.</summary>
    ValueTask<MarketAnswer> BidAsync(MarketOpportunity opportunity);

    /// <summary>Tells what became of the last bid: win and bill, or loss. The acknowledgement may come later, but before the clock moves.</summary>
    ValueTask NotifyAsync(MarketOpportunity opportunity, MarketAnswer bid, MarketOutcome outcome);

    /// <summary>Hands over conversions that have arrived, without tenant and identity; the memory is the caller's again after the call.</summary>
    /// <returns>Why single ones were refused; empty when all were taken.</returns>
    ValueTask<IReadOnlyList<string>> ConvertAsync(ReadOnlyMemory<EngineEvent> conversions);

    /// <summary>Moves the bidder's clock to an instant (UTC), after everything it was told has been acknowledged.</summary>
    ValueTask<AdvanceResult> AdvanceAsync(DateTime instant);
}
