using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Ledger.Dedupe;

/// <summary>The stored blocks, as a ledger store keeps them.</summary>
internal sealed class SeenStore
{
    private readonly SortedDictionary<(int Partition, SeenKind Kind, long Key), List<SeenBlock>> _blocks = [];

    public long BytesWritten { get; private set; }

    public int Count => _blocks.Values.Sum(list => list.Count);

    public IEnumerable<SeenBlock> Blocks => _blocks.Values.SelectMany(list => list);

    public void Apply(SeenChanges changes)
    {
        var keys = changes.Appended.Concat(changes.Replaced).Select(block => (block.Partition, block.Kind, block.Key)).Concat(changes.Dropped).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        foreach (SeenBlock block in changes.Replaced) _blocks[(block.Partition, block.Kind, block.Key)] = [block];
        foreach (var key in changes.Dropped) Assert.True(_blocks.Remove(key));
        foreach (SeenBlock block in changes.Appended)
        {
            if (!_blocks.TryGetValue((block.Partition, block.Kind, block.Key), out var list)) _blocks.Add((block.Partition, block.Kind, block.Key), list = []);
            list.Add(block);
        }

        BytesWritten += changes.Appended.Concat(changes.Replaced).Sum(block => (long)block.Blob.Length);
    }
}
