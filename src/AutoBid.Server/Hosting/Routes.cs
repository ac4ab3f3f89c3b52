using AutoBid.Engine.Ports;
using AutoBid.OpenRtb.Notices;
using AutoBid.Server.Auth;
using AutoBid.Server.Bidding;
using AutoBid.Server.Campaigns;
using AutoBid.Server.Clock;
using AutoBid.Server.Decisions;
using AutoBid.Server.Events;
using AutoBid.Server.Http;
using AutoBid.Server.Metrics;
using AutoBid.Server.Multipliers;
using AutoBid.Server.Policies;

namespace AutoBid.Server.Hosting;

/// <summary>The HTTP surface at a glance.</summary>
internal static class Routes
{
    public static void Map(WebApplication app)
    {
        // Only here: the bid path answers its errors with empty bodies and pays for nothing it does not use.
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/v1", StringComparison.Ordinal), api =>
        {
            // A caller may come again when the database is back: nothing was done, or the same again is right.
            api.UseExceptionHandler(new ExceptionHandlerOptions
            {
                StatusCodeSelector = static e => e is StoreUnavailableException ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError,
            });
            api.UseStatusCodePages();
            api.Use(RefuseBrokenBody);
            api.Use(AuthEndpoints.CheckScopeAsync);
        });
        MapBidPath(app);
        MapApi(app);
        MapOperations(app);
    }

    /// <summary>Request delegates without binding or filters: the bid path pays for nothing it does not use.</summary>
    private static void MapBidPath(WebApplication app)
    {
        BidEndpoint bids = app.Services.GetRequiredService<BidEndpoint>();
        NoticeEndpoint notices = app.Services.GetRequiredService<NoticeEndpoint>();
        app.MapPost("/openrtb2/bid", (RequestDelegate)bids.HandleAsync).ExcludeFromDescription();
        app.MapPost("/openrtb2/bid/{exchange}", (RequestDelegate)bids.HandleAsync).ExcludeFromDescription();
        foreach ((string path, NoticeKind kind) in new[] { ("win", NoticeKind.Win), ("bill", NoticeKind.Bill), ("loss", NoticeKind.Loss) })
            app.MapMethods($"/openrtb2/notice/{path}", ["GET", "POST"], (RequestDelegate)(http => notices.HandleAsync(http, kind))).ExcludeFromDescription();
    }

    private static void MapApi(WebApplication app)
    {
        IServiceProvider services = app.Services;
        RouteGroupBuilder v1 = app.MapGroup("/v1");
        RouteGroupBuilder started = v1.MapGroup("").AddEndpointFilter(services.GetRequiredService<Readiness>().RefuseWhileStartingAsync);
        CampaignEndpoints campaigns = services.GetRequiredService<CampaignEndpoints>();
        v1.MapGet("/campaigns", campaigns.ListAsync).RequireScope(Scopes.CampaignsRead);
        v1.MapPost("/campaigns", (Delegate)campaigns.CreateAsync).Accepts<CampaignDocument>("application/json").RequireScope(Scopes.CampaignsWrite);
        v1.MapGet("/campaigns/{id}", campaigns.GetAsync).RequireScope(Scopes.CampaignsRead);
        v1.MapPut("/campaigns/{id}", campaigns.ReplaceAsync).Accepts<CampaignDocument>("application/json").RequireScope(Scopes.CampaignsWrite);
        v1.MapDelete("/campaigns/{id}", campaigns.DeleteAsync).RequireScope(Scopes.CampaignsWrite);
        started.MapGet("/campaigns/{id}/trajectory", campaigns.TrajectoryAsync).RequireScope(Scopes.CampaignsRead);
        started.MapGet("/campaigns/{id}/days", campaigns.DaysAsync).RequireScope(Scopes.CampaignsRead);
        v1.MapGet("/campaigns/{id}/decisions", campaigns.DecisionsAsync).RequireScope(Scopes.CampaignsRead);
        started.MapPost("/events", (Delegate)services.GetRequiredService<EventsEndpoint>().HandleAsync).RequireScope(Scopes.Events);
        started.MapPost("/multipliers", (Delegate)services.GetRequiredService<MultipliersEndpoint>().HandleAsync).Accepts<MultipliersEndpoint.Query>("application/json").RequireScope(Scopes.Bid);
        PolicyEndpoints policies = services.GetRequiredService<PolicyEndpoints>();
        v1.MapGet("/policies", policies.List).RequireScope(Scopes.CampaignsRead);
        v1.MapPost("/policies/reload", policies.Reload).RequireScope(Scopes.Admin);
        v1.MapPost("/decisions", (Delegate)services.GetRequiredService<DecisionsEndpoint>().HandleAsync).RequireScope(Scopes.Decide);
        started.MapPost("/clock", (Delegate)services.GetRequiredService<ClockEndpoint>().HandleAsync).Accepts<ClockEndpoint.Advance>("application/json").RequireScope(Scopes.Admin);
    }

    private static void MapOperations(WebApplication app)
    {
        Readiness readiness = app.Services.GetRequiredService<Readiness>();
        app.MapGet("/health/live", () => Results.Text("live"));
        app.MapGet("/health/ready", () => Results.Text(
            readiness.Detail, statusCode: readiness.IsReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
        app.MapPrometheus("/metrics");
        app.MapOpenApi();
    }

    /// <summary>A body that breaks HTTP itself (its chunks, its length) is the caller's mistake and is told so in problem details.</summary>
    private static async Task RefuseBrokenBody(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            await Problems.Of(e.StatusCode, e.Message).ExecuteAsync(http).ConfigureAwait(false);
        }
    }
}
