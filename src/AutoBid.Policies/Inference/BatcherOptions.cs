namespace AutoBid.Policies.Inference;

/// <summary>Settings of one batcher. Where Triton's dynamic batcher has the same thing, it has that name there.</summary>
public sealed record BatcherOptions
{
    /// <summary>Rows that may wait, both classes together (max_queue_size, there in requests); a request beyond is refused at once.</summary>
    public int MaxQueueRows { get; init; } = 16_384;

    /// <summary>A run on an accelerator that takes this long never comes back: the device is lost.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>A request of so many rows is read by the device where it lies, if that can: copying it into a slot first would take longer than its run.</summary>
    public int DirectRows { get; init; } = 512;

    /// <summary>How long a caller looks for its answer at least (longer where its run takes longer), and the thread of an accelerator's slot for its next request, before they give up their core. For machines with cores to spare.</summary>
    public TimeSpan Spin { get; init; }

    /// <summary>A retired batcher closes once nobody has asked it for this long: longer than any call that may still hold it.</summary>
    public TimeSpan RetireAfter { get; init; } = TimeSpan.FromSeconds(10);
}
