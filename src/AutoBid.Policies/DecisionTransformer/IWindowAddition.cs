using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>Inputs and answers of a graph beside the window of tokens that all our graphs take. Safe for many threads: what it fills and reads is the request's.</summary>
internal interface IWindowAddition
{
    /// <summary>Inputs that it fills.</summary>
    int Inputs { get; }

    void Fill(InferenceRequest request, int row, in PolicyInput input, ulong seed);

    /// <param name="batcher">The one that answered: devices may name their outputs in another order.</param>
    DayPlan? PlanOf(InferenceBatcher batcher, InferenceRequest request, int row, in PolicyInput input);
}
