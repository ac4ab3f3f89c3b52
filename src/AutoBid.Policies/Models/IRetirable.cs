using AutoBid.Policies.Inference;

namespace AutoBid.Policies.Models;

/// <summary>A policy that holds a device's memory and gives it back once another version serves.</summary>
internal interface IRetirable
{
    /// <summary>Where its runs go.</summary>
    ModelInference Inference { get; }

    /// <summary>Calls that run, or that are about to, still finish on it.</summary>
    void Retire();
}
