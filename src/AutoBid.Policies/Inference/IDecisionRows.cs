using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Inference;

/// <summary>How a model's inputs are made of campaigns and its outputs read as decisions. Safe for many threads: what it writes is the request's or the scratch's.</summary>
/// <typeparam name="TScratch">Buffers of one call, reused.</typeparam>
internal interface IDecisionRows<in TScratch>
{
    /// <summary>Decides what can be decided without the model; false: it is asked.</summary>
    /// <param name="item">Index of the input in the call.</param>
    bool TryWithout(int item, in PolicyInput input, out PolicyDecision decision)
    {
        decision = default;
        return false;
    }

    /// <param name="tally">Where rows come from, for the metrics.</param>
    void Fill(TScratch scratch, InferenceRequest request, int row, in PolicyInput input, ulong seed, ref RowTally tally);

    /// <param name="batcher">The one that answered: devices may name their outputs in another order.</param>
    /// <param name="item">Index of the input in the call.</param>
    void Answer(TScratch scratch, InferenceBatcher batcher, InferenceRequest request, int row, int item, in PolicyInput input, out PolicyDecision decision);
}
