using AutoBid.Engine.Ledger.Dedupe;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Ledger.Dedupe;

/// <summary>The stored blocks, as a ledger store keeps them.</summary>
internal sealed class SeenStore
{
    private readonly Dictionary<SeenKey, List<SeenBlock>> _blocks = [];

    public long BytesWritten { get; private set; }

    public int Count => _blocks.Values.Sum(list => list.Count);

    public IEnumerable<SeenBlock> Blocks => _blocks.Values.SelectMany(list => list);

    public void Apply(SeenChanges changes)
    {
        var keys = changes.Appended.Concat(changes.Replaced).Select(KeyOf).Concat(changes.Dropped).ToList();
        Assert.Equal(keys.Count, keys.Distinct().Count());
        foreach (SeenBlock block in changes.Replaced) _blocks[KeyOf(block)] = [block];
        foreach (SeenKey key in changes.Dropped) Assert.True(_blocks.Remove(key));
        foreach (SeenBlock block in changes.Appended)
        {
            if (!_blocks.TryGetValue(KeyOf(block), out var list)) _blocks.Add(KeyOf(block), list = []);
            list.Add(block);
        }

        BytesWritten += changes.Appended.Concat(changes.Replaced).Sum(block => (long)block.Blob.Length);
    }

    private static SeenKey KeyOf(SeenBlock block) => new(block.Partition, block.Kind, block.Key);
}
