using System.Diagnostics;
using System.Diagnostics.Metrics;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine;

/// <summary>Counters and histograms of the loop; names follow Prometheus. No campaign or tenant label.</summary>
public sealed class EngineMetrics : IDisposable
{
    public const string MeterName = "AutoBid.Engine";

    /// <summary>A span per control tick. Spans carry the wall clock's time, which nothing here reads.</summary>
    internal static readonly ActivitySource Spans = new(MeterName);

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _applied;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _rejected;
    private readonly Counter<long> _unbilled;
    private readonly Counter<long> _adjustments;
    private readonly Counter<long> _assumedLosses;
    private readonly Counter<long> _guardReasons;
    private readonly Counter<long> _outages;
    private readonly Counter<long> _fenced;
    private readonly Counter<long> _pruned;
    private readonly Histogram<double> _tick;
    private readonly Histogram<double> _commit;
    private readonly Histogram<double> _recovery;
    private readonly Histogram<double> _divergence;

    public EngineMetrics()
    {
        _applied = _meter.CreateCounter<long>("autobid_events_applied_total", description: "Events applied to the ledger, by kind.");
        _duplicates = _meter.CreateCounter<long>("autobid_events_duplicate_total", description: "Events that came again, by kind.");
        _rejected = _meter.CreateCounter<long>("autobid_events_rejected_total", description: "Events moved to dead letters by the engine, by reason.");
        _unbilled = _meter.CreateCounter<long>("autobid_events_unbilled_total", description: "Spend events of a channel that does not settle.");
        _adjustments = _meter.CreateCounter<long>("autobid_adjustments_total", description: "Amounts settled outside a lease, by cause.");
        _assumedLosses = _meter.CreateCounter<long>("autobid_holds_assumed_lost_total", description: "Holds ended without a notice.");
        _guardReasons = _meter.CreateCounter<long>("autobid_guard_total", description: "Decisions changed or marked by the guard, by reason.");
        _outages = _meter.CreateCounter<long>("autobid_outage_attempts_total", description: "Attempts that failed because the store or the log did not answer, by which.");
        _fenced = _meter.CreateCounter<long>("autobid_fenced_total", description: "Commits refused because another node owns the partition now.");
        _pruned = _meter.CreateCounter<long>("autobid_ledger_pruned_total", description: "Rows that the ledger forgot because they are older than the retention, by what.");
        _tick = _meter.CreateHistogram<double>("autobid_tick_duration_seconds", unit: "s", description: "Control tick, events to published slots.");
        _commit = _meter.CreateHistogram<double>("autobid_commit_duration_seconds", unit: "s", description: "Ledger commit.");
        _recovery = _meter.CreateHistogram<double>(
            "autobid_recovery_duration_seconds", unit: "s", description: "Start or takeover until its campaigns are decided, by part: settings, ledger, restore, backlog, tick.");
        _divergence = _meter.CreateHistogram<double>(
            "autobid_plan_divergence", description: "Spend of a closed step away from what was planned when it began, in even steps of the budget, by policy.");
    }

    public void CountApplied(EventKind kind) => _applied.Add(1, new KeyValuePair<string, object?>("kind", EventKinds.Text(kind)));

    public void CountDuplicate(EventKind kind) => _duplicates.Add(1, new KeyValuePair<string, object?>("kind", EventKinds.Text(kind)));

    public void CountRejected(string reason) => _rejected.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CountUnbilled(BillingChannel via) => _unbilled.Add(1, new KeyValuePair<string, object?>("via", via.ToString().ToLowerInvariant()));

    public void CountAdjustment(string cause) => _adjustments.Add(1, new KeyValuePair<string, object?>("cause", cause));

    public void CountAssumedLosses(int count)
    {
        if (count > 0) _assumedLosses.Add(count);
    }

    public void CountGuard(string reason) => _guardReasons.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void CountOutage(string of) => _outages.Add(1, new KeyValuePair<string, object?>("of", of));

    public void CountFenced() => _fenced.Add(1);

    public void CountPruned(in PruneResult result)
    {
        Count("days", result.Days);
        Count("leases", result.Leases);
        Count("accounts", result.Accounts);
        Count("adjustments", result.Adjustments);

        void Count(string what, int rows)
        {
            if (rows > 0) _pruned.Add(rows, new KeyValuePair<string, object?>("what", what));
        }
    }

    public void RecordTick(TimeSpan duration) => _tick.Record(duration.TotalSeconds);

    public void RecordCommit(TimeSpan duration) => _commit.Record(duration.TotalSeconds);

    public void RecordRecovery(string part, TimeSpan duration) => _recovery.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("part", part));

    /// <summary>|executed - planned| spend of a step; 1 = a forty-eighth of the daily budget.</summary>
    public void RecordPlanDivergence(string policy, double evenSteps) => _divergence.Record(evenSteps, new KeyValuePair<string, object?>("policy", policy));

    public void Dispose() => _meter.Dispose();
}
