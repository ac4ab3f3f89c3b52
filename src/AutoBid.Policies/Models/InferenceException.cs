namespace AutoBid.Policies.Models;

/// <summary>A run of a model that failed.</summary>
public sealed class InferenceException : Exception
{
    /// <param name="isDeviceLost">The accelerator failed, not the model.</param>
    public InferenceException(string message, bool isDeviceLost, Exception? inner = null)
        : base(message, inner) => IsDeviceLost = isDeviceLost;

    public bool IsDeviceLost { get; }
}
