using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// Whose leases are whose, for bills of leases that are not on this node: the lease says on which day its money counts. What it says never changes, so
/// it may be forgotten at any time and asked for again. Owned by the loop's thread.
/// </summary>
public sealed class LeaseDirectory
{
    /// <summary>About 100 bytes each. When full everything goes, since what is still used is asked for again at its next bill.</summary>
    private const int Capacity = 1 << 20;

    private readonly Dictionary<long, LeaseOwner> _owners = [];

    public void Add(in LeaseOwner owner)
    {
        if (_owners.Count >= Capacity) _owners.Clear();
        _owners[owner.LeaseId] = owner;
    }

    public bool TryFind(long leaseId, out LeaseOwner owner) => _owners.TryGetValue(leaseId, out owner);
}
