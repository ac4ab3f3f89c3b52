namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>What happened in a history: histories in which nothing does prove nothing.</summary>
internal sealed class ClusterCounts
{
    public int Bids { get; set; }

    public int Bills { get; set; }

    public int Crashes { get; set; }

    /// <summary>Nodes that gave everything up because another one owned it.</summary>
    public int Fenced { get; set; }

    public void Add(ClusterCounts other)
    {
        Bids += other.Bids;
        Bills += other.Bills;
        Crashes += other.Crashes;
        Fenced += other.Fenced;
    }

    public override string ToString() => $"{Bids} bids, {Bills} bills, {Crashes} crashes, {Fenced} times fenced";
}
