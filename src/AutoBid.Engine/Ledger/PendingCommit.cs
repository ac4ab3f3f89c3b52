using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>What was applied since the last commit and is not durable yet. Owned by the loop's thread.</summary>
public sealed class PendingCommit
{
    private readonly Dictionary<long, long> _settled = [];

    public List<SeenEvent> Seen { get; } = [];

    public List<Adjustment> Adjustments { get; } = [];

    public List<long> ClosedLeases { get; } = [];

    public bool IsEmpty => Seen.Count == 0 && Adjustments.Count == 0 && ClosedLeases.Count == 0 && _settled.Count == 0;

    /// <summary>Adds a bill on time under a lease.</summary>
    public void Settle(long leaseId, long nanos) => _settled[leaseId] = _settled.GetValueOrDefault(leaseId) + nanos;

    /// <summary>Moves everything into a commit; a failed commit is put back by not clearing before it succeeded.</summary>
    public LedgerCommit ToCommit(IReadOnlyList<CampaignState> states, IReadOnlyList<PartitionOffset> offsets)
    {
        var commit = new LedgerCommit { Offsets = offsets };
        commit.Seen.AddRange(Seen);
        commit.Adjustments.AddRange(Adjustments);
        commit.ClosedLeases.AddRange(ClosedLeases);
        commit.States.AddRange(states);
        foreach ((long lease, long nanos) in _settled.OrderBy(pair => pair.Key)) commit.Settlements.Add(new LeaseSettlement(lease, nanos));
        return commit;
    }

    /// <summary>The commit is durable.</summary>
    public void Clear()
    {
        Seen.Clear();
        Adjustments.Clear();
        ClosedLeases.Clear();
        _settled.Clear();
    }
}
