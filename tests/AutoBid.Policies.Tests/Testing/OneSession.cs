using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>A session behind a batcher of its own, as a model on the CPU has it.</summary>
internal static class OneSession
{
    public static ModelInference Of(IInferenceSession session, TimeProvider clock) => ModelInference.Over("gave", session, clock, new PolicyMetrics());
}
