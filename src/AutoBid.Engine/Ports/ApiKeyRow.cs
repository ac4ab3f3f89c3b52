namespace AutoBid.Engine.Ports;

/// <summary>One key.</summary>
/// <param name="SecretHash">SHA-256 of the secret, 32 bytes.</param>
/// <param name="Tenants">Exchange keys: the tenants it may bid for; else only <paramref name="TenantId"/>.</param>
public sealed record ApiKeyRow(
    string Prefix, byte[] SecretHash, string TenantId, IReadOnlyList<string> Scopes, IReadOnlyList<string> Tenants, DateTime CreatedAt);
