namespace AutoBid.Simulator.Reports;

/// <summary>Maps figures to places in a picture, linearly or by logarithm; what lies outside is drawn at the edge.</summary>
internal sealed class Axis
{
    private static readonly double[] Mantissas = [1, 2, 5];

    private readonly double _from;
    private readonly double _to;
    private readonly bool _log;

    private Axis(double low, double high, double from, double to, bool log)
    {
        Low = low;
        High = high;
        _from = from;
        _to = to;
        _log = log;
    }

    public double Low { get; }

    public double High { get; }

    public static Axis Linear(double low, double high, double from, double to) => new(low, high > low ? high : low + 1, from, to, log: false);

    public static Axis Logarithmic(double low, double high, double from, double to) => new(low, high > low ? high : 2 * low, from, to, log: true);

    public double At(double value)
    {
        double bounded = Math.Clamp(value, Low, High);
        double part = _log ? Math.Log(bounded / Low) / Math.Log(High / Low) : (bounded - Low) / (High - Low);
        return _from + part * (_to - _from);
    }

    /// <summary>Round numbers inside the range, about as many as asked for; 1, 2 and 5 times powers of ten.</summary>
    public IReadOnlyList<double> Ticks(int about)
    {
        if (_log)
        {
            int first = (int)Math.Floor(Math.Log10(Low)), last = (int)Math.Ceiling(Math.Log10(High));
            double[] all = [.. Enumerable.Range(first, last - first + 1).SelectMany(power => Mantissas.Select(m => m * Math.Pow(10, power)))];
            return [.. all.Where(tick => tick >= Low * 0.999 && tick <= High * 1.001)];
        }

        // Adding 0 turns a negative zero, which would be written with its sign, into a plain one.
        double step = StepOf(High - Low, about);
        var ticks = new List<double>();
        for (double i = Math.Ceiling(Low / step - 1e-9); i * step <= High + step * 1e-9; i++) ticks.Add(i * step + 0.0);
        return ticks;
    }

    /// <summary>A range widened to whole steps of its ticks.</summary>
    public static (double Low, double High) Widen(double low, double high, int about)
    {
        if (!(high > low)) (low, high) = (low - 0.5, high + 0.5);
        double step = StepOf(high - low, about);
        return (Math.Floor(low / step + 1e-9) * step, Math.Ceiling(high / step - 1e-9) * step);
    }

    private static double StepOf(double range, int about)
    {
        double raw = range / Math.Max(about, 1);
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double part = raw / power;
        return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
    }
}
