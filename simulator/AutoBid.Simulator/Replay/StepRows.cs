namespace AutoBid.Simulator.Replay;

/// <summary>The opportunities of one key in one step, in columns, by ascending opportunity once closed. Reused.</summary>
internal sealed class StepRows
{
    private int[] _opportunities = [];
    private double[] _values = [];
    private double[] _sigmas = [];
    private double[] _prices = [];
    private sbyte[] _outcomes = [];
    private bool _isSorted = true;

    public int Step { get; private set; }

    public int Count { get; private set; }

    public ReadOnlySpan<int> Opportunities => _opportunities.AsSpan(0, Count);

    public ReadOnlySpan<double> Values => _values.AsSpan(0, Count);

    public ReadOnlySpan<double> Sigmas => _sigmas.AsSpan(0, Count);

    public ReadOnlySpan<double> Prices => _prices.AsSpan(0, Count);

    /// <summary>1, 0 or <see cref="ReplayRow.Drawn"/>; draws are written back, so that all who win an opportunity see the same.</summary>
    public Span<sbyte> Outcomes => _outcomes.AsSpan(0, Count);

    public void Begin(int step) => (Step, Count, _isSorted) = (step, 0, true);

    public void Add(in ReplayRow row)
    {
        int at = Count;
        if (at == _values.Length) Grow();
        if (at > 0 && row.Opportunity <= _opportunities[at - 1]) _isSorted = false;
        _opportunities[at] = row.Opportunity;
        _values[at] = row.Value;
        _sigmas[at] = row.Sigma;
        _prices[at] = row.Price;
        _outcomes[at] = row.Outcome;
        Count = at + 1;
    }

    /// <summary>Brings the rows into the order of their opportunities; false when one occurs twice.</summary>
    public bool TryClose(out int twice)
    {
        twice = 0;
        if (_isSorted) return true;
        int[] order = [.. Enumerable.Range(0, Count)];
        Array.Sort(_opportunities, order, 0, Count);
        Reorder(ref _values, order);
        Reorder(ref _sigmas, order);
        Reorder(ref _prices, order);
        Reorder(ref _outcomes, order);
        for (int i = 1; i < Count; i++)
        {
            if (_opportunities[i] != _opportunities[i - 1]) continue;
            twice = _opportunities[i];
            return false;
        }

        return _isSorted = true;
    }

    private void Grow()
    {
        int size = Math.Max(256, 2 * _values.Length);
        Array.Resize(ref _opportunities, size);
        Array.Resize(ref _values, size);
        Array.Resize(ref _sigmas, size);
        Array.Resize(ref _prices, size);
        Array.Resize(ref _outcomes, size);
    }

    private static void Reorder<T>(ref T[] column, int[] order)
    {
        var sorted = new T[column.Length];
        for (int i = 0; i < order.Length; i++) sorted[i] = column[order[i]];
        column = sorted;
    }
}
