using AutoBid.Cli.Exchange;

namespace AutoBid.Cli.Demo;

/// <summary>Latencies of a run.</summary>
/// <param name="BidRoundTrip">Bid requests as the exchange saw them, HTTP included; null in process.</param>
/// <param name="BidService">The service's own histogram, interpolated inside its buckets; null without metrics.</param>
/// <param name="Decision">One campaign's share of its tick's policy call.</param>
/// <param name="DecisionBatch">The service's histogram of policy calls, a whole tick's campaigns each; null without metrics.</param>
/// <param name="Tick">POST /v1/clock: events applied, steps closed, decided, published; null in process.</param>
internal sealed record RunLatencies(
    LatencySummary? BidRoundTrip, LatencySummary? BidService, LatencySummary Decision, LatencySummary? DecisionBatch, LatencySummary? Tick);
