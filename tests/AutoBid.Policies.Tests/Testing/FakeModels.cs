using System.Collections.Immutable;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Tests.Testing;

internal sealed class FakeModels : ILiveModels
{
    public ImmutableArray<LiveModel> Live { get; set; } = [];

    public ImmutableArray<ModelRefusal> Refusals { get; set; } = [];

    public void Serve(IBidPolicy policy, Verdict verdict = Verdict.Usable, string reason = "", bool preferred = false)
        => Live = [.. Live.Where(m => m.Name != policy.Name), new LiveModel(policy.Name, "1", verdict, "hash", policy) { Reason = reason, IsPreferred = preferred }];
}
