using AutoBid.Policies.Fallback;

namespace AutoBid.Server.Policies;

/// <summary><c>GET /v1/policies</c>: which policies campaigns may name, and which one decides where they name none; <c>POST /v1/policies/reload</c>.</summary>
public sealed class PolicyEndpoints(PolicyCatalog policies, PolicyReload reload)
{
    /// <param name="Default">Of campaigns without a policy.</param>
    /// <param name="Policies">Every one that a campaign may name, in ordinal order of names.</param>
    public sealed record Answer(PolicyChoice Default, IReadOnlyList<PolicyChoice> Policies);

    public IResult List() => Results.Json(Current());

    /// <summary>Answers after the new models have passed their checks, or have been refused: the list as it is then.</summary>
    public IResult Reload()
    {
        reload.Run();
        return List();
    }

    private Answer Current() => new(policies.Describe(null), [.. policies.Names.Select(policies.Describe)]);
}
