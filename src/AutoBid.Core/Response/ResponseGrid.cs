namespace AutoBid.Core.Response;

/// <summary>The multipliers at which response curves are stored: 0.1 x 40^(i/23), i = 0..23 (design.md section 4).</summary>
public static class ResponseGrid
{
    public const int Points = 24;

    public const double Lowest = 0.1;

    public const double Span = 40;

    /// <summary>Multipliers, ascending from 0.1 to 4.</summary>
    public static readonly double[] Multipliers = Build();

    /// <summary>Natural logarithms of <see cref="Multipliers"/>; equally spaced.</summary>
    public static readonly double[] Logs = Array.ConvertAll(Multipliers, Math.Log);

    public static readonly double LogStep = Math.Log(Span) / (Points - 1);

    /// <summary>Index of the first grid multiplier at or above <paramref name="multiplier"/>; <see cref="Points"/> when all are below.</summary>
    public static int FirstAtLeast(double multiplier)
    {
        if (!(multiplier > Lowest)) return 0;
        int i = (int)Math.Ceiling((Math.Log(multiplier) - Logs[0]) / LogStep);
        // The logarithm may be off by an ulp: settle on the exact neighbours.
        if (i > Points) i = Points;
        while (i > 0 && Multipliers[i - 1] >= multiplier) i--;
        while (i < Points && Multipliers[i] < multiplier) i++;
        return i;
    }

    private static double[] Build()
    {
        var grid = new double[Points];
        for (int i = 0; i < Points; i++) grid[i] = Lowest * Math.Pow(Span, i / (double)(Points - 1));
        return grid;
    }
}
