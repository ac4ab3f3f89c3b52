using AutoBid.Engine;
using AutoBid.Engine.Ports;
using AutoBid.Server.Http;

namespace AutoBid.Server.Hosting;

/// <summary>Whether the service may be sent traffic: started, models warm, settings read, log writable, ledger store answering.</summary>
public sealed class Readiness(IEventLog log, AutoBidEngine engine)
{
    private volatile bool _started;
    private volatile string? _draining;

    /// <summary>The engine has its settings and its ledger: before that it must not be asked, for it would call every campaign unknown.</summary>
    public bool IsStarted => _started;

    public bool IsReady => _started && _draining is null && log.IsAvailable && engine.StoreOutage is null;

    public string Detail
        => !_started ? "starting"
            : _draining is { } why ? $"draining: {why}"
            : !log.IsAvailable ? "the event log cannot be written"
            : engine.StoreOutage is { } reason ? $"the ledger store does not answer: {reason}"
            : "ready";

    public void MarkStarted() => _started = true;

    /// <summary>Asks for no more traffic; what comes is still answered.</summary>
    public void Drain(string why) => _draining = why;

    /// <summary>Endpoint filter of calls that need the engine.</summary>
    internal async ValueTask<object?> RefuseWhileStartingAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        => _started
            ? await next(context).ConfigureAwait(false)
            : Problems.Of(StatusCodes.Status503ServiceUnavailable, "The service is starting; try again.");
}
