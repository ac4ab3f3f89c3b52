using System.Collections.Immutable;

namespace AutoBid.Policies.Models;

/// <summary>The models that serve now: at most one per policy name, in ordinal order of names. The array is replaced as a whole, never changed.</summary>
public interface ILiveModels
{
    ImmutableArray<LiveModel> Live { get; }
}
