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

    public ValueTask SetBudgetsAsync(IReadOnlyList<BudgetSetting> settings, CancellationToken cancellation) => inner.SetBudgetsAsync(settings, cancellation);

    public ValueTask<IReadOnlyList<LeaseGrant>> GrantAsync(IReadOnlyList<LeaseRequest> requests, CancellationToken cancellation)
        => inner.GrantAsync(requests, cancellation);

    public async ValueTask CommitAsync(LedgerCommit commit, CancellationToken cancellation)
    {
        long started = Stopwatch.GetTimestamp();
        await inner.CommitAsync(commit, cancellation);
        _committing += Stopwatch.GetTimestamp() - started;
        Commits++;
        States += commit.States.Count;
    }

    public ValueTask<LedgerSnapshot> LoadAsync(long seenSinceTicks, CancellationToken cancellation) => inner.LoadAsync(seenSinceTicks, cancellation);

    public ValueTask<IReadOnlyList<long>> ReclaimAsync(long expiredBeforeTicks, CancellationToken cancellation) => inner.ReclaimAsync(expiredBeforeTicks, cancellation);

    public ValueTask<IReadOnlyList<BudgetRow>> BudgetsAsync(string tenantId, string campaignId, CancellationToken cancellation)
        => inner.BudgetsAsync(tenantId, campaignId, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
