using AutoBid.Server.Http;

namespace AutoBid.Server.Auth;

/// <summary>Scope checks as an endpoint filter.</summary>
public static class AuthEndpoints
{
    private static readonly object CallerKey = new();

    /// <summary>Requires a key with a scope: 401 without a valid key, 403 without the scope.</summary>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, Scopes scope)
        where TBuilder : IEndpointConventionBuilder
        => builder.AddEndpointFilterFactory((_, next) => async context =>
        {
            HttpContext http = context.HttpContext;
            Caller? caller = await http.RequestServices.GetRequiredService<ApiKeys>()
                .FindAsync(http.Request.Headers["X-Api-Key"], http.RequestAborted).ConfigureAwait(false);
            if (caller is null) return Problems.Of(StatusCodes.Status401Unauthorized, "A valid X-Api-Key header is required.");
            if (!caller.May(scope)) return Problems.Of(StatusCodes.Status403Forbidden, "This key lacks the scope for this call.");
            http.Items[CallerKey] = caller;
            return await next(context).ConfigureAwait(false);
        });

    /// <summary>The caller that <see cref="RequireScope"/> let in.</summary>
    public static Caller Caller(this HttpContext http) => (Caller)http.Items[CallerKey]!;
}
