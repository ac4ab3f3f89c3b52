using AutoBid.Core.Time;
using AutoBid.Engine;
using AutoBid.Engine.Loop;
using AutoBid.Server.Http;

namespace AutoBid.Server.Clock;

/// <summary><c>POST /v1/clock {"advanceTo": "...Z"}</c> of a service with a virtual clock; loopback and admin only.</summary>
public sealed class ClockEndpoint(AutoBidEngine engine, EngineClocks clocks)
{
    private const int BodyLimit = 4 * 1024;
    private const int LastYear = 2100;

    /// <summary>The body.</summary>
    public sealed record Advance(DateTimeOffset? AdvanceTo);

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        if (!clocks.Deterministic) return Problems.Of(StatusCodes.Status404NotFound, "This service runs on the wall clock.");
        if (http.Connection.RemoteIpAddress is { } address && !System.Net.IPAddress.IsLoopback(address))
            return Problems.Of(StatusCodes.Status403Forbidden, "The clock moves only from loopback.");
        (Advance? body, IResult? problem) = await JsonBody.ReadAsync<Advance>(http, BodyLimit).ConfigureAwait(false);
        if (problem is not null) return problem;
        if (body!.AdvanceTo is not { } to) return Problems.Of(StatusCodes.Status400BadRequest, "advanceTo: an instant is required.");
        // Events carry no later instants; and a slip of the pen must not set off a million ticks.
        if (to.Year > LastYear) return Problems.Of(StatusCodes.Status400BadRequest, $"advanceTo: not after the year {LastYear}.");
        if (to.UtcTicks < engine.NowTicks) return Problems.Of(StatusCodes.Status409Conflict, "advanceTo: the clock cannot go back.");
        AdvanceResult result;
        try
        {
            result = await engine.AdvanceToAsync(to, http.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            // Another call moved it further while this one waited.
            return Problems.Of(StatusCodes.Status409Conflict, e.Message);
        }

        return Results.Json(new
        {
            now = result.Now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            stepsClosed = result.StepsClosed,
            applied = result.Applied,
            decisionsHash = result.DecisionsHash,
        });
    }
}
