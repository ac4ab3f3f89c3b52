using System.Diagnostics.Metrics;
using AutoBid.Policies.Inference;

namespace AutoBid.Policies.Fallback;

/// <summary>Metrics of the policies; one instance per process. No campaign or tenant labels.</summary>
public sealed class PolicyMetrics : IDisposable
{
    public const string MeterName = "AutoBid.Policies";

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _fallbacks;
    private readonly Counter<long> _refused;

    public PolicyMetrics()
    {
        _duration = _meter.CreateHistogram<double>("autobid_decision_duration_seconds", "s", "Time of one batch of decisions of one policy.");
        _fallbacks = _meter.CreateCounter<long>("autobid_fallback_total", description: "Decisions that a fallback stood in for, by step and reason.");
        _refused = _meter.CreateCounter<long>("autobid_model_refused_total", description: "Models refused at load, by reason.");
        Inference = new InferenceMetrics(_meter);
    }

    /// <summary>Those of the batchers, on the same meter.</summary>
    public InferenceMetrics Inference { get; }

    internal Meter Meter => _meter;

    public void Dispose() => _meter.Dispose();

    internal void Decided(string policy, TimeSpan duration)
        => _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("policy", policy));

    internal void FellBack(FallbackStep step, FallbackReason reason)
        => _fallbacks.Add(
            1,
            new KeyValuePair<string, object?>("step", FallbackNames.Of(step)),
            new KeyValuePair<string, object?>("reason", FallbackNames.Of(reason)));

    internal void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
