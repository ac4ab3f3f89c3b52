namespace AutoBid.Cli.Exchange;

/// <summary>HTTP handlers for talking to one service on this machine or network: no proxy, no cookies, no redirects, connections kept.</summary>
internal static class ServiceHandlers
{
    public static SocketsHttpHandler Create(int connections) => new()
    {
        MaxConnectionsPerServer = connections,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
        // Trace headers cost more than the rest of a small request.
        ActivityHeadersPropagator = null,
    };
}
