using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Ledger;

/// <summary>
/// Lets the store forget what is older than the retention says: once an hour of event time, a short transaction a round of the loop until there is nothing
/// more, so that no commit waits long. Live engines only: a run on a virtual clock is over before it has anything to forget. Owned by the loop's thread.
/// </summary>
internal sealed class LedgerPruner
{
    /// <summary>Most days, accounts and adjustments that one transaction forgets, of each.</summary>
    public const int Batch = 200;

    private readonly ILedgerStore _store;
    private readonly EngineOptions _options;
    private readonly EngineMetrics _metrics;
    private long _dueTicks;

    /// <exception cref="ArgumentException">The retention forgets what is still needed.</exception>
    public LedgerPruner(ILedgerStore store, EngineOptions options, EngineMetrics metrics)
    {
        options.Retention.Check(options);
        _store = store;
        _options = options;
        _metrics = metrics;
    }

    /// <summary>
    /// Whether the hour is over. A clock that jumped, forward or back, and a process that slept begin a new one: nothing can be forgotten by a clock that
    /// is put right within the hour.
    /// </summary>
    public bool IsDue(long nowTicks)
    {
        if (_dueTicks == 0 || Math.Abs(nowTicks - _dueTicks) > TimeSpan.TicksPerHour) _dueTicks = nowTicks + TimeSpan.TicksPerHour;
        return nowTicks >= _dueTicks;
    }

    /// <summary>Forgets one batch; due again at once while there is more, else in an hour.</summary>
    public async ValueTask PruneAsync(long nowTicks, CancellationToken cancellation)
    {
        PruneResult result = await _store.PruneAsync(_options.Retention, nowTicks, Batch, cancellation).ConfigureAwait(false);
        _metrics.CountPruned(result);
        // The hour begins when the last batch is done: a backlog longer than one must not look like a clock that jumped.
        _dueTicks = result.HasMore ? nowTicks : nowTicks + TimeSpan.TicksPerHour;
    }
}
