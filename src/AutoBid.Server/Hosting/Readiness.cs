using AutoBid.Engine.Ports;
using AutoBid.Server.Http;

namespace AutoBid.Server.Hosting;

/// <summary>Whether the service may be sent traffic: started, models warm, settings read, log writable.</summary>
public sealed class Readiness(IEventLog log)
{
    private volatile bool _started;

    /// <summary>The engine has its settings and its ledger: before that it must not be asked, for it would call every campaign unknown.</summary>
    public bool IsStarted => _started;

    public bool IsReady => _started && log.IsAvailable;

    public string Detail => !_started ? "starting" : log.IsAvailable ? "ready" : "the event log cannot be written";

    public void MarkStarted() => _started = true;

    /// <summary>Endpoint filter of calls that need the engine.</summary>
    internal async ValueTask<object?> RefuseWhileStartingAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        => _started
            ? await next(context).ConfigureAwait(false)
            : Problems.Of(StatusCodes.Status503ServiceUnavailable, "The service is starting; try again.");
}
