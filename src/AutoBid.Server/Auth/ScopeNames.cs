namespace AutoBid.Server.Auth;

/// <summary>Wire names of <see cref="Scopes"/>.</summary>
public static class ScopeNames
{
    private static readonly (string Name, Scopes Scope)[] All =
    [
        ("bid", Scopes.Bid), ("decide", Scopes.Decide), ("events", Scopes.Events),
        ("campaigns:read", Scopes.CampaignsRead), ("campaigns:write", Scopes.CampaignsWrite), ("admin", Scopes.Admin),
    ];

    /// <summary>The flags of a list of names; admin implies all. Unknown names are refused with false.</summary>
    public static bool TryParse(IEnumerable<string> names, out Scopes scopes)
    {
        scopes = Scopes.None;
        foreach (string name in names)
        {
            Scopes one = Array.Find(All, pair => pair.Name == name).Scope;
            if (one == Scopes.None) return false;
            scopes |= one == Scopes.Admin ? Scopes.All : one;
        }

        return true;
    }

    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(All, pair => pair.Name);
}
