using AutoBid.Cli.Demo;
using AutoBid.Policies.Fallback;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>What a market day is played against, a service over HTTP or the engine in process: campaigns, the bidder, and the ledger behind it.</summary>
internal interface IMarketService : IAsyncDisposable
{
    IMarketBidder Bidder { get; }

    /// <summary>What the way between exchange and bidder counted and measured so far.</summary>
    ExchangeTransport Transport { get; }

    /// <summary>What a policy name, or none, stands for there; null where it does not tell or has no such policy.</summary>
    Task<PolicyChoice?> TryDescribeAsync(string? policy, CancellationToken cancellation);

    /// <param name="policy">Null: the campaign names none.</param>
    Task CreateCampaignAsync(MarketCampaign campaign, string? policy, CancellationToken cancellation);

    Task<TrajectoryAnswer> GetTrajectoryAsync(string campaign, CancellationToken cancellation);

    /// <summary>The last decisions of a campaign, oldest first.</summary>
    Task<IReadOnlyList<DecisionAnswer>> GetDecisionsAsync(string campaign, int limit, CancellationToken cancellation);

    /// <summary>Null where there are none.</summary>
    Task<PrometheusText?> TryGetMetricsAsync(CancellationToken cancellation);
}
