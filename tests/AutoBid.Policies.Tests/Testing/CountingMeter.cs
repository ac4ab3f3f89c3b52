using System.Diagnostics.Metrics;
using AutoBid.Policies.Fallback;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Metrics of one test, and what they counted: instrument name and tag values, separated by spaces.</summary>
internal sealed class CountingMeter : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, long> _counts = [];

    public CountingMeter()
    {
        // Tests run beside each other: only the instruments of this instance count.
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter, Metrics.Meter)) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => Add(instrument, 1, tags));
        _listener.Start();
    }

    public PolicyMetrics Metrics { get; } = new();

    public long this[string key] => _counts.GetValueOrDefault(key);

    /// <summary>Adds what the observable instruments say now.</summary>
    public void Observe() => _listener.RecordObservableInstruments();

    public void Dispose()
    {
        _listener.Dispose();
        Metrics.Dispose();
    }

    private void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string key = instrument.Name;
        foreach (KeyValuePair<string, object?> tag in tags) key += " " + tag.Value;
        lock (_counts) _counts[key] = _counts.GetValueOrDefault(key) + value;
    }
}
