using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.Fallback;

/// <summary>Buffers of one call of a policy, reused: the items of a batch that run under the same policy.</summary>
internal sealed class PolicyCall
{
    public PolicyInput[] Inputs = [];
    public PolicyDecision[] Decisions = [];
    public int[] Items = [];
    public int Count;
    public IBidPolicy? Policy;
    public DecisionScope Scope;

    public void Start(IBidPolicy policy, int capacity, in DecisionScope scope)
    {
        if (Inputs.Length < capacity)
        {
            Inputs = new PolicyInput[capacity];
            Decisions = new PolicyDecision[capacity];
            Items = new int[capacity];
        }

        Policy = policy;
        Scope = scope;
        Count = 0;
    }

    public void Add(int item, in PolicyInput input)
    {
        Items[Count] = item;
        Inputs[Count] = input;
        Decisions[Count] = default;
        Count++;
    }

    /// <summary>
    /// False when nothing was decided. Part of a batch inside the deadline is a model that serves: the rest is asked again at the next tick.
    /// </summary>
    public bool Run()
    {
        Policy!.Decide(Inputs.AsSpan(0, Count), Decisions.AsSpan(0, Count), Scope);
        for (int i = 0; i < Count; i++)
        {
            if (Decisions[i].IsDecided) return true;
        }

        return false;
    }
}
