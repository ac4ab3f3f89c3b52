namespace AutoBid.Server.Auth;

/// <summary>Endpoint metadata: the scope that a call needs.</summary>
internal sealed record RequiredScope(Scopes Scope);
