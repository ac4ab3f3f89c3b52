using AutoBid.Cli.Demo;
using AutoBid.Policies.Fallback;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange;

/// <summary>A running service with a virtual clock. The client stays the caller's.</summary>
internal sealed class HttpMarket(ServiceClient service, MarketPlayOptions options, CancellationToken stop) : IMarketService
{
    private readonly HttpBidder _bidder = new(service, options, stop);

    public IMarketBidder Bidder => _bidder;

    public ExchangeTransport Transport => _bidder.Transport;

    public Task<PolicyChoice?> TryDescribeAsync(string? policy, CancellationToken cancellation) => service.TryDescribePolicyAsync(policy, cancellation);

    public Task CreateCampaignAsync(MarketCampaign campaign, string? policy, CancellationToken cancellation)
        => service.CreateCampaignAsync(CampaignBody.Write(campaign, policy), cancellation);

    public Task<TrajectoryAnswer> GetTrajectoryAsync(string campaign, CancellationToken cancellation) => service.GetTrajectoryAsync(campaign, cancellation);

    public async Task<IReadOnlyList<DecisionAnswer>> GetDecisionsAsync(string campaign, int limit, CancellationToken cancellation)
        => (await service.GetDecisionsAsync(campaign, limit, cancellation)).Decisions;

    public async Task<PrometheusText?> TryGetMetricsAsync(CancellationToken cancellation)
        => await service.TryGetMetricsAsync(cancellation) is { } page ? new PrometheusText(page) : null;

    public ValueTask DisposeAsync() => _bidder.DisposeAsync();
}
