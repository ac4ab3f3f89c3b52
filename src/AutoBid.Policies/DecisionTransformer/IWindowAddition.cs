using AutoBid.Policies.Contracts;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>Inputs and answers of a graph beside the window of tokens that all our graphs take. Called by one thread at a time.</summary>
internal interface IWindowAddition
{
    /// <summary>Inputs that it fills.</summary>
    int Inputs { get; }

    void Fill(int row, in PolicyInput input, ulong seed);

    /// <summary>Makes a row digestible that stands for nobody.</summary>
    void Pad(int row);

    DayPlan? PlanOf(int row, in PolicyInput input);
}
