namespace AutoBid.Policies.Inference;

/// <summary>What made a run fail, and with it whether trying again makes sense.</summary>
public enum InferenceFault : byte
{
    /// <summary>The graph could not digest its inputs, or the runtime refused.</summary>
    Model,

    /// <summary>No memory for the run; a later one may have it.</summary>
    OutOfMemory,

    /// <summary>The accelerator is gone for this process: a sticky error, or a run that never came back.</summary>
    DeviceLost,

    /// <summary>More is waiting than the queue takes.</summary>
    QueueFull,
}
