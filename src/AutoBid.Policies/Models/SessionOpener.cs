using AutoBid.Policies.Inference;

namespace AutoBid.Policies.Models;

/// <summary>Opens a graph. Throws any exception when it cannot: the registry refuses the model with its message.</summary>
/// <param name="model">The bytes whose hash was checked.</param>
/// <param name="accelerator">Null: on the CPU. Otherwise the thread that opens it is the one that will run it.</param>
public delegate IInferenceSession SessionOpener(byte[] model, Accelerator? accelerator);
