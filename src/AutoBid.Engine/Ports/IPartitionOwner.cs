namespace AutoBid.Engine.Ports;

/// <summary>
/// Who owns partitions on this node: the engine. The log calls it when it is given partitions or has to give them up, one call at a time; the engine's
/// loop stands still from the moment a call has begun its work until it completes, so <c>begin</c> and <c>end</c> may exchange what the loop reads from.
/// </summary>
public interface IPartitionOwner
{
    /// <summary>
    /// Claims partitions (of every keyed topic: what belongs to a campaign has one owner) and restores what their last owner committed.
    /// </summary>
    /// <param name="begin">Told where reading must begin; partitions that are not named begin at their start.</param>
    ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation);

    /// <summary>Commits what was applied, if the epochs still hold, and touches these partitions no more.</summary>
    /// <param name="end">Called when nothing of them will be read again.</param>
    ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation);
}
