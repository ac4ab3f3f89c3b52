using AutoBid.Engine.Events;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>Conversions over POST /v1/events. The client stays the caller's.</summary>
internal sealed class HttpConversionSink(ServiceClient service) : IConversionSink
{
    private readonly EventsBody _body = new();

    public async ValueTask<IReadOnlyList<string>> SendAsync(ReadOnlyMemory<EngineEvent> conversions, CancellationToken cancellation)
    {
        try
        {
            return await service.PostEventsAsync(_body.Write(conversions.Span), conversions.Length, cancellation);
        }
        catch (ServiceException e)
        {
            return [.. Enumerable.Repeat(e.Message, conversions.Length)];
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
