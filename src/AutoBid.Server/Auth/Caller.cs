namespace AutoBid.Server.Auth;

/// <summary>Who calls: one tenant, its scopes, and for an exchange key the tenants it may bid for.</summary>
public sealed class Caller(string tenantId, Scopes scopes, IReadOnlyList<string> tenants, string keyId = "")
{
    private readonly HashSet<string> _tenants = [tenantId, .. tenants];

    public const string DefaultTenant = "default";

    /// <summary>Every caller of a service without keys.</summary>
    public static Caller Open { get; } = new(DefaultTenant, Scopes.All, []);

    public string TenantId { get; } = tenantId;

    public Scopes Scopes { get; } = scopes;

    /// <summary>Public part of its key; empty in a service without keys.</summary>
    public string KeyId { get; } = keyId;

    public bool May(Scopes scope) => (Scopes & scope) == scope;

    /// <summary>Whether it may bid for, or report events of, a tenant.</summary>
    public bool MayActFor(string tenant) => tenant == TenantId || _tenants.Contains(tenant);
}
