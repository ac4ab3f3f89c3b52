namespace AutoBid.Policies.Models;

/// <summary>An input or output of an opened graph.</summary>
/// <param name="Dtype">float32 or int64; any other is given as the runtime names it.</param>
/// <param name="Shape">-1 for sizes that the graph leaves open.</param>
public sealed record SessionTensor(string Name, string Dtype, int[] Shape)
{
    /// <summary>Numbers per row: the product of all sizes but the batch.</summary>
    public int RowLength { get; } = Shape.Skip(1).Aggregate(1, static (product, n) => product * Math.Abs(n));
}
