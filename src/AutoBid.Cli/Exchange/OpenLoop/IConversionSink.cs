using AutoBid.Engine.Events;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>The way conversions take to the service.</summary>
internal interface IConversionSink : IAsyncDisposable
{
    /// <summary>Sends them; returns when they are acknowledged.</summary>
    /// <returns>Why single ones were refused; empty when all were taken.</returns>
    ValueTask<IReadOnlyList<string>> SendAsync(ReadOnlyMemory<EngineEvent> conversions, CancellationToken cancellation);
}
