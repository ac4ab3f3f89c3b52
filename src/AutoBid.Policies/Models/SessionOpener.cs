namespace AutoBid.Policies.Models;

/// <summary>Opens a graph. Throws any exception when it cannot: the registry refuses the model with its message.</summary>
/// <param name="model">The bytes whose hash was checked.</param>
/// <param name="device">cpu or cuda.</param>
public delegate IInferenceSession SessionOpener(byte[] model, string device);
