using System.Globalization;

namespace AutoBid.Engine.Ports;

/// <summary>A partition belongs to another node by now: nothing was applied, and whoever held it must drop what it has of it.</summary>
public sealed class FencedException : Exception
{
    public FencedException()
    {
    }

    public FencedException(string message)
        : base(message)
    {
    }

    public FencedException(string message, Exception inner)
        : base(message, inner)
    {
    }

    public FencedException(int partition, long heldEpoch, long storedEpoch)
        : base(string.Create(CultureInfo.InvariantCulture, $"Partition {partition} is held under epoch {heldEpoch}, but its epoch is {storedEpoch}: {(storedEpoch == 0 ? "it was never claimed" : "another node owns it")}."))
        => (Partition, HeldEpoch, StoredEpoch) = (partition, heldEpoch, storedEpoch);

    public int Partition { get; }

    public long HeldEpoch { get; }

    /// <summary>0: the partition was never claimed.</summary>
    public long StoredEpoch { get; }
}
