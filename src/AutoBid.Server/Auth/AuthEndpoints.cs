using AutoBid.Server.Http;

namespace AutoBid.Server.Auth;

/// <summary>Scope checks of the endpoints under /v1.</summary>
public static class AuthEndpoints
{
    private static readonly object CallerKey = new();

    /// <summary>Requires a key with a scope: 401 without a valid key, 403 without the scope.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, Scopes scope)
        where TBuilder : IEndpointConventionBuilder
        => builder.WithMetadata(new RequiredScope(scope));

    /// <summary>The caller that the check let in.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Items[CallerKey]!;

    /// <summary>Middleware, not an endpoint filter: who may not call is told so before a byte of the body is read.</summary>
    internal static async Task CheckScopeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<RequiredScope>() is { } required)
        {
            Caller? caller = await http.RequestServices.GetRequiredService<ApiKeys>()
                .FindAsync(http.Request.Headers["X-Api-Key"], http.RequestAborted).ConfigureAwait(false);
            if (caller is null || !caller.May(required.Scope))
            {
                IResult refusal = caller is null
                    ? Problems.Of(StatusCodes.Status401Unauthorized, "A valid X-Api-Key header is required.")
                    : Problems.Of(StatusCodes.Status403Forbidden, "This key lacks the scope for this call.");
                await refusal.ExecuteAsync(http).ConfigureAwait(false);
                return;
            }

            http.Items[CallerKey] = caller;
        }

        await next(http).ConfigureAwait(false);
    }
}
