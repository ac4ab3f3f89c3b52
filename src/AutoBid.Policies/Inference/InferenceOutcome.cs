namespace AutoBid.Policies.Inference;

/// <summary>How a request ended.</summary>
public enum InferenceOutcome : byte
{
    Answered,

    /// <summary>Its deadline passed, in the queue or during its run.</summary>
    Late,

    /// <summary>The queue had no room for it.</summary>
    QueueFull,

    /// <summary>The device that would have answered is lost; another way may.</summary>
    Lost,

    /// <summary>The run failed; <see cref="InferenceRequest.Error"/> says why.</summary>
    Failed,
}
