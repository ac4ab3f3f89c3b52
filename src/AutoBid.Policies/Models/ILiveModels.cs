using System.Collections.Immutable;

namespace AutoBid.Policies.Models;

/// <summary>The models that serve now: at most one per policy name, in ordinal order of names. The array is replaced as a whole, never changed.</summary>
public interface ILiveModels
{
    ImmutableArray<LiveModel> Live { get; }

    /// <summary>What was refused when the live set was last made; an older version of the same policy may serve nevertheless.</summary>
    ImmutableArray<ModelRefusal> Refusals { get; }
}
