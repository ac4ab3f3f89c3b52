namespace AutoBid.Cli.Exchange;

/// <summary>Keeps every latency of a run: a day has some ten thousand, so exact percentiles cost less than a histogram's error.</summary>
internal sealed class LatencyRecorder
{
    private double[] _milliseconds = new double[4096];
    private int _count;

    /// <summary>Every latency so far, in order.</summary>
    public ReadOnlySpan<double> Milliseconds => _milliseconds.AsSpan(0, _count);

    public void Add(TimeSpan elapsed)
    {
        if (_count == _milliseconds.Length) Array.Resize(ref _milliseconds, 2 * _count);
        _milliseconds[_count++] = elapsed.TotalMilliseconds;
    }

    public LatencySummary Summarize() => LatencySummary.Of(_milliseconds.AsSpan(0, _count).ToArray());
}
