using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Tests;

/// <summary>An owner that reads from the same offsets whatever it is given.</summary>
internal sealed class FixedOwner(IReadOnlyList<PartitionOffset> offsets) : IPartitionOwner
{
    public ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation) => begin(offsets);

    public ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation)
    {
        end();
        return ValueTask.CompletedTask;
    }
}
