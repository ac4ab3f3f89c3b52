namespace AutoBid.Cli.Exchange;

/// <summary>Figures of the way between exchange and bidder.</summary>
/// <param name="Notices">Acknowledged.</param>
/// <param name="NoticeRetries">Attempts beyond the first.</param>
/// <param name="NoticeFailures">Notices given up, by reason.</param>
/// <param name="RoundTrip">Bid requests as the exchange saw them; null in process.</param>
/// <param name="Tick">Calls that moved the clock: all that a control tick does; null in process.</param>
internal sealed record ExchangeTransport(
    long Notices, long NoticeRetries, IReadOnlyDictionary<string, long> NoticeFailures, LatencySummary? RoundTrip, LatencySummary? Tick);
