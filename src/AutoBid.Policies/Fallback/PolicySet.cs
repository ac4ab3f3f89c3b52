using System.Collections.Immutable;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Fallback;

/// <summary>One immutable state of the catalog: a batch resolves all its names in the same one.</summary>
internal sealed class PolicySet(ImmutableArray<LiveModel> models, Dictionary<string, PolicyEntry> byName, PolicyEntry standard)
{
    public ImmutableArray<LiveModel> Models => models;

    public Dictionary<string, PolicyEntry> ByName => byName;

    public PolicyEntry Default => standard;

    public string[] Names { get; } = [.. byName.Keys.Order(StringComparer.Ordinal)];

    public PolicyEntry Resolve(string? name)
        => name is null ? standard : byName.TryGetValue(name, out PolicyEntry? entry) ? entry : new PolicyEntry(name, null, null);
}
