using AutoBid.Engine.Ports;

namespace AutoBid.Server.Hosting;

/// <summary>Whether the service may be sent traffic: started, models warm, settings read, log writable.</summary>
public sealed class Readiness(IEventLog log)
{
    private volatile bool _started;

    public bool IsReady => _started && log.IsAvailable;

    public string Detail => !_started ? "starting" : log.IsAvailable ? "ready" : "the event log cannot be written";

    public void MarkStarted() => _started = true;
}
