using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>Counts of a live run, safe from its many connections.</summary>
internal sealed class OpenLoopTotals(int campaigns)
{
    private readonly Lock _gate = new();
    private readonly MarketTotals[] _campaigns = [.. Enumerable.Range(0, campaigns).Select(_ => new MarketTotals())];
    private readonly LatencyRecorder _roundTrips = new();
    private readonly FailureCounts _noBids = new();
    private readonly FailureCounts _failures = new();
    private long _due;
    private long _sent;
    private long _ended;
    private long _broken;
    private long _late;
    private TimeSpan _worstLate;
    private TimeSpan _lastSend;

    /// <summary>Answers so far, of whatever kind.</summary>
    public long Answered
    {
        get
        {
            lock (_gate) return _ended - _broken;
        }
    }

    public void CountDue() => Interlocked.Increment(ref _due);

    /// <param name="at">Since the start of the run.</param>
    public void CountSent(TimeSpan at, TimeSpan lateness, TimeSpan lateAfter)
    {
        lock (_gate)
        {
            _sent++;
            if (at > _lastSend) _lastSend = at;
            if (lateness > lateAfter) _late++;
            if (lateness > _worstLate) _worstLate = lateness;
        }
    }

    /// <param name="latency">From the instant the request was due.</param>
    public void CountAnswer(TimeSpan latency, bool isMeasured)
    {
        lock (_gate)
        {
            _ended++;
            if (isMeasured) _roundTrips.Add(latency);
        }
    }

    public void CountBid(MarketAnswer bid, in MarketOutcome outcome)
    {
        lock (_gate)
        {
            MarketTotals totals = _campaigns[bid.Campaign];
            totals.Bids++;
            if (!outcome.Won) return;
            totals.Wins++;
            totals.CostNanos += outcome.PriceNanos;
        }
    }

    public void CountNoBid(MarketAnswer answer) => (answer.Kind == MarketAnswerKind.NoBid ? _noBids : _failures).Add(answer.Reason);

    /// <summary>A request that was sent and got no answer.</summary>
    public void CountFailure(string what)
    {
        lock (_gate)
        {
            _ended++;
            _broken++;
        }

        _failures.Add(what);
    }

    public OpenLoopResult ToResult(NoticeSender notices, ConversionSender conversions)
    {
        lock (_gate)
        {
            var failures = new SortedDictionary<string, long>(_failures.ToDictionary().ToDictionary(), StringComparer.Ordinal);
            if (_due > _ended) failures["not answered when the run ended"] = _due - _ended;
            for (int campaign = 0; campaign < _campaigns.Length; campaign++) _campaigns[campaign].Conversions = conversions.Sent[campaign];
            return new OpenLoopResult
            {
                Due = _due,
                Sent = _sent,
                AchievedRate = _lastSend > TimeSpan.Zero ? _sent / _lastSend.TotalSeconds : 0,
                Late = _late,
                WorstLateMs = _worstLate.TotalMilliseconds,
                Bids = _campaigns.Sum(c => c.Bids),
                Wins = _campaigns.Sum(c => c.Wins),
                NoBidReasons = _noBids.ToDictionary(),
                Failures = failures,
                Notices = notices.Sent,
                NoticeRetries = notices.Retries,
                NoticeFailures = notices.Failures.ToDictionary(),
                Conversions = conversions.Sent.Sum(),
                ConversionFailures = conversions.Failures.ToDictionary(),
                ConversionsPending = conversions.Pending,
                RoundTrip = _roundTrips.Summarize(),
                Campaigns = _campaigns,
            };
        }
    }
}
