using System.Diagnostics;
using AutoBid.Engine.Ports;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>A ledger store that knows how long its commits took and what they carried.</summary>
internal sealed class TimedStore(ILedgerStore inner) : ILedgerStore
{
    private long _committing;

    public int Commits { get; private set; }

    public long States { get; private set; }

    public TimeSpan Committing => Stopwatch.GetElapsedTime(0, _committing);

    /// <summary>Dedupe blocks and their bytes.</summary>
    public long Blocks { get; private set; }

    public long BlockBytes { get; private set; }

    public ValueTask<IReadOnlyList<PartitionClaim>> ClaimAsync(string node, IReadOnlyList<int> partitions, int partitionCount, CancellationToken cancellation)
        => inner.ClaimAsync(node, partitions, partitionCount, cancellation);

    public ValueTask<LedgerSnapshot> LoadAsync(IReadOnlyList<int> partitions, CancellationToken cancellation) => inner.LoadAsync(partitions, cancellation);

    public ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, IReadOnlyList<PartitionEpoch> epochs, CancellationToken cancellation)
        => inner.SetBudgetsAsync(settings, epochs, cancellation);

    public ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
        => inner.GrantAsync(requests, cancellation);

    public async ValueTask<CommitResult> CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        CommitResult result = await inner.CommitAsync(commit, cancellation);
        _committing += Stopwatch.GetTimestamp() - started;
        Commits++;
        States += commit.States.Count;
        Blocks += commit.Seen.Count + commit.SeenReplaced.Count;
        foreach (SeenBlock block in commit.Seen.Concat(commit.SeenReplaced)) BlockBytes += block.Blob.Length;
        return result;
    }

    public ValueTask<IReadOnlyList<LeaseOwner>> FindLeasesAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation)
        => inner.FindLeasesAsync(leaseIds, cancellation);

    public ValueTask ReturnAsync(IReadOnlyList<long> leaseIds, CancellationToken cancellation) => inner.ReturnAsync(leaseIds, cancellation);

    public ValueTask<IReadOnlyList<long>> ReclaimAsync(string? exceptNode, long nowTicks, long afterExpiryTicks, CancellationToken cancellation)
        => inner.ReclaimAsync(exceptNode, nowTicks, afterExpiryTicks, cancellation);

    public ValueTask<IReadOnlyList<LiveNode>> HeartbeatAsync(string node, long nowTicks, long statsThroughTicks, long lifeTicks, CancellationToken cancellation)
        => inner.HeartbeatAsync(node, nowTicks, statsThroughTicks, lifeTicks, cancellation);

    public ValueTask<PruneResult> PruneAsync(LedgerRetention retention, long nowTicks, int atMost, CancellationToken cancellation)
        => inner.PruneAsync(retention, nowTicks, atMost, cancellation);

    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => inner.BudgetsAsync(tenantId, campaignId, cancellation);

    public ValueTask<IReadOnlyList<Adjustment>> AdjustmentsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => inner.AdjustmentsAsync(tenantId, campaignId, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
