namespace AutoBid.Core.Conversions;

/// <summary>What is believed of a campaign's conversion delays before it shows its own.</summary>
public sealed class DelayPrior
{
    private readonly double[] _shares;

    /// <param name="conversions">How many observed conversions it weighs, besides one arrival of doubt in each age bin.</param>
    /// <param name="arrivedBy">Ascending points (age, share of conversions arrived by then); the rest arrives by the longest delay. Linear between them.</param>
    /// <exception cref="ArgumentException">Points that do not ascend, or shares outside 0..1.</exception>
    public DelayPrior(double conversions, params ReadOnlySpan<(TimeSpan Age, double Share)> arrivedBy)
    {
        if (!(conversions > 0) || !double.IsFinite(conversions)) throw new ArgumentException("must be a number above 0", nameof(conversions));
        var points = new List<(double Age, double Share)> { (0, 0) };
        foreach ((TimeSpan age, double share) in arrivedBy)
        {
            // A point at age 0 says what arrives at once.
            if (!(share >= points[^1].Share && share <= 1) || (age.TotalMinutes <= points[^1].Age && points.Count > 1) || age < TimeSpan.Zero || age > DelayBins.Longest)
                throw new ArgumentException("ages must ascend up to 30 days, shares from 0 to 1", nameof(arrivedBy));
            points.Add((age.TotalMinutes, share));
        }

        if (points[^1].Age < DelayBins.Longest.TotalMinutes) points.Add((DelayBins.Longest.TotalMinutes, 1));
        Conversions = conversions;
        _shares = new double[DelayBins.Count];
        double before = 0;
        for (int b = 0; b < DelayBins.Count; b++)
        {
            double until = b == DelayBins.Count - 1 ? 1 : At(points, DelayBins.End(b));
            _shares[b] = until - before;
            before = until;
        }
    }

    /// <summary>
    /// Display advertising at large: 35 % of the conversions arrive within an hour of the click, 50 % within a day, 87 % within two weeks
    /// (O. Chapelle, "Modeling Delayed Feedback in Display Advertising", KDD 2014). Weighs 10 conversions.
    /// </summary>
    public static DelayPrior Display { get; } = new(10, (TimeSpan.FromHours(1), 0.35), (TimeSpan.FromDays(1), 0.5), (TimeSpan.FromDays(14), 0.87));

    /// <summary>Conversions come at once: nothing is waited for until a campaign shows delays.</summary>
    public static DelayPrior AtOnce { get; } = new(10, (TimeSpan.Zero, 1));

    public double Conversions { get; }

    /// <summary>Share of the conversions that arrives in each bin; sums to 1.</summary>
    public ReadOnlySpan<double> Shares => _shares;

    private static double At(List<(double Age, double Share)> points, double age)
    {
        for (int i = 1; i < points.Count; i++)
        {
            (double left, double low) = points[i - 1];
            (double right, double high) = points[i];
            if (age <= right) return right > left ? low + (high - low) * (age - left) / (right - left) : high;
        }

        return 1;
    }
}
