using System.Diagnostics.Metrics;
using AutoBid.Engine.Ports;
using AutoBid.OpenRtb.Notices;

namespace AutoBid.Server.Metrics;

/// <summary>
/// Counters and histograms of the HTTP surface; durations are in seconds. No campaign or tenant label.
/// Recording does not allocate: labels are constants of closed lists, and every call carries at most two.
/// </summary>
public sealed class ServerMetrics : IDisposable
{
    public const string MeterName = "AutoBid.Server";

    private readonly Meter _meter;
    private readonly Histogram<double> _bidDuration;
    private readonly Histogram<double> _noticeDuration;
    private readonly Histogram<double> _decisionsDuration;
    private readonly Counter<long> _bidRequests;
    private readonly Counter<long> _candidates;
    private readonly Counter<long> _notices;
    private readonly Counter<long> _eventsPosted;

    public ServerMetrics()
        : this(MeterName)
    {
    }

    /// <summary>Under another name: meters are known to the whole process, and a test must not read its neighbour's counts.</summary>
    internal ServerMetrics(string meterName)
    {
        _meter = new Meter(meterName);
        _bidDuration = _meter.CreateHistogram<double>(
            "autobid_bid_duration_seconds", unit: "s", description: "A bid request, from its body being read to its answer being written; every result.");
        _noticeDuration = _meter.CreateHistogram<double>(
            "autobid_notice_duration_seconds", unit: "s", description: "A notice, up to its durable append.");
        _decisionsDuration = _meter.CreateHistogram<double>(
            "autobid_http_decisions_duration_seconds", unit: "s", description: "A batch posted to /v1/decisions.");
        _bidRequests = _meter.CreateCounter<long>("autobid_bid_requests_total", description: "Bid requests, by result.");
        _candidates = _meter.CreateCounter<long>("autobid_candidates_total", description: "Candidates of bid requests, by outcome: bid, or why not.");
        _notices = _meter.CreateCounter<long>("autobid_notices_total", description: "Win, bill and loss notices, by kind and result.");
        _eventsPosted = _meter.CreateCounter<long>("autobid_events_posted_total", description: "Events posted to /v1/events, by topic and result.");

        // A rate over a series that first appears with its first event misses that event: known series start at 0.
        foreach (BidResult result in Enum.GetValues<BidResult>()) _bidRequests.Add(0, new KeyValuePair<string, object?>("result", Label(result)));
    }

    /// <summary>One answered bid request.</summary>
    public void RecordBid(BidResult result, TimeSpan duration)
    {
        _bidDuration.Record(duration.TotalSeconds);
        _bidRequests.Add(1, new KeyValuePair<string, object?>("result", Label(result)));
    }

    /// <summary>Candidates that ended alike.</summary>
    /// <param name="outcome">bid, or a label of <see cref="OpenRtb.Writing.NoBidReasons"/>: never text that a caller of the service chose.</param>
    public void CountCandidate(string outcome, int count = 1) => _candidates.Add(count, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>One answered notice.</summary>
    /// <param name="result">A constant such as applied, malformed, too-old or unavailable.</param>
    public void RecordNotice(NoticeKind kind, string result, TimeSpan duration)
    {
        _noticeDuration.Record(duration.TotalSeconds);
        _notices.Add(1, new KeyValuePair<string, object?>("kind", Label(kind)), new KeyValuePair<string, object?>("result", result));
    }

    /// <summary>One answered /v1/decisions.</summary>
    public void RecordDecisions(TimeSpan duration) => _decisionsDuration.Record(duration.TotalSeconds);

    /// <summary>One item of /v1/events.</summary>
    /// <param name="topic">As the caller wrote it: what is not an input topic counts as <c>other</c>, so that callers cannot make series.</param>
    /// <param name="result">A constant such as appended, invalid or unavailable.</param>
    public void CountEventPosted(string topic, string result)
    {
        int known = Array.IndexOf(Topic.Inputs, topic);
        _eventsPosted.Add(
            1,
            new KeyValuePair<string, object?>("topic", known < 0 ? "other" : Topic.Inputs[known]),
            new KeyValuePair<string, object?>("result", result));
    }

    public void Dispose() => _meter.Dispose();

    private static string Label(BidResult result) => result switch
    {
        BidResult.Bid => "bid",
        BidResult.NoBid => "nobid",
        BidResult.Malformed => "malformed",
        BidResult.Unauthorized => "unauthorized",
        _ => "late",
    };

    private static string Label(NoticeKind kind) => kind switch
    {
        NoticeKind.Win => "win",
        NoticeKind.Bill => "bill",
        _ => "loss",
    };
}
