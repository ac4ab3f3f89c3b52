namespace AutoBid.Core.Conversions;

/// <summary>
/// P(arrived by age a | will convert), piecewise linear over <see cref="DelayBins"/>; conversions without click time count as arrived at once.
/// One instance per thread: its buffers are reused.
/// </summary>
public sealed class DelayCurve
{
    private readonly double[] _shares = new double[DelayBins.Count];

    // By a bin's first age: share arrived before it, and the integral of the share over ages from 0.
    private readonly double[] _before = new double[DelayBins.Count];
    private readonly double[] _area = new double[DelayBins.Count];
    private double _untimed;

    /// <summary>Everything arrives at once: the share is exactly 1 at every age.</summary>
    public bool IsAtOnce { get; private set; }

    /// <summary>Fills the curve from a campaign's evidence.</summary>
    public void Set(in DelayEvidence evidence, DelayPrior prior, bool valueIsConversions = true)
    {
        evidence.Shares(prior, valueIsConversions, _shares);
        _untimed = evidence.UntimedShare;
        Sum();
    }

    /// <summary>Fills the curve from what is known before any evidence.</summary>
    public void Set(DelayPrior prior)
    {
        prior.Shares.CopyTo(_shares);
        _untimed = 0;
        Sum();
    }

    /// <summary>Share arrived by an age of so many minutes; 0 before the click.</summary>
    public double ArrivedBy(double age)
    {
        if (!(age > 0)) return 0;
        if (IsAtOnce) return 1;
        int b = BinOf(age);
        double start = DelayBins.Start(b);
        double timed = b == 0 ? _shares[0] : _before[b] + _shares[b] * Math.Min((age - start) / (DelayBins.End(b) - start), 1);
        return _untimed + (1 - _untimed) * Math.Min(timed, 1);
    }

    /// <summary>Mean share arrived of wins whose ages spread evenly from <paramref name="youngest"/> to <paramref name="oldest"/> minutes.</summary>
    public double MeanArrived(double youngest, double oldest)
    {
        double width = oldest - youngest;
        if (width < 1e-3) return ArrivedBy(youngest);
        if (IsAtOnce && youngest >= 0) return 1;
        return Math.Clamp((Area(oldest) - Area(youngest)) / width, 0, 1);
    }

    private double Area(double age)
    {
        if (!(age > 0)) return 0;
        int b = BinOf(age);
        double start = DelayBins.Start(b), end = DelayBins.End(b), inside = Math.Min(age, end) - start;
        double timed = b == 0 ? _shares[0] * inside : _area[b] + _before[b] * inside + _shares[b] * inside * inside / (2 * (end - start));
        return _untimed * age + (1 - _untimed) * (timed + Math.Max(age - end, 0));
    }

    private void Sum()
    {
        double before = 0, area = 0;
        for (int b = 0; b < DelayBins.Count; b++)
        {
            double width = DelayBins.End(b) - DelayBins.Start(b);
            _before[b] = before;
            _area[b] = area;
            // What arrives within the first minute counts as arrived at its start.
            area += width * (before + (b == 0 ? _shares[0] : _shares[b] / 2));
            before += _shares[b];
        }

        IsAtOnce = _untimed >= 1 || before <= _shares[0];
    }

    private static int BinOf(double age) => DelayBins.Of((long)(Math.Min(age, DelayBins.Longest.TotalMinutes) * TimeSpan.TicksPerMinute));
}
