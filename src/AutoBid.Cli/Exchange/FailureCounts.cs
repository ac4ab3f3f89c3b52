namespace AutoBid.Cli.Exchange;

/// <summary>Failures by what happened, safe from several threads.</summary>
internal sealed class FailureCounts
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public void Add(string what)
    {
        lock (_gate)
        {
            _counts.TryGetValue(what, out long count);
            _counts[what] = count + 1;
        }
    }

    public long Total
    {
        get
        {
            lock (_gate) return _counts.Values.Sum();
        }
    }

    public IReadOnlyDictionary<string, long> ToDictionary()
    {
        lock (_gate) return new SortedDictionary<string, long>(_counts, StringComparer.Ordinal);
    }
}
