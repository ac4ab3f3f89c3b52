using AutoBid.Policies.Inference;

namespace AutoBid.Policies.Models;

/// <summary>A run of a model that failed.</summary>
public sealed class InferenceException(string message, InferenceFault fault, Exception? inner = null) : Exception(message, inner)
{
    public InferenceFault Fault { get; } = fault;
}
