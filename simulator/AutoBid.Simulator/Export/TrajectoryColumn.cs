namespace AutoBid.Simulator.Export;

/// <summary>One exported array in memory, keys first.</summary>
internal abstract class TrajectoryColumn
{
    /// <summary>Appends the keys of a column of the same kind.</summary>
    public abstract void Append(TrajectoryColumn other);

    public abstract void Clear();

    /// <param name="keys">First dimension of the array.</param>
    public abstract void Write(NpzWriter npz, int keys);
}
