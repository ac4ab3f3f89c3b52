namespace AutoBid.Simulator.Evaluation.Statistics;

/// <summary>Student's t with a whole number of degrees of freedom, by its finite series (Abramowitz and Stegun 26.7.3 and 26.7.4).</summary>
public static class StudentT
{
    /// <summary>P(|T| &gt; t).</summary>
    public static double TwoSidedTail(double t, int degrees)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(degrees, 1);
        double angle = Math.Atan(Math.Abs(t) / Math.Sqrt(degrees));
        double cosine = Math.Cos(angle), square = cosine * cosine;
        bool odd = (degrees & 1) == 1;
        // Even degrees start at power 0 of the cosine, odd ones at power 1; one degree of freedom has no term at all.
        double term = odd ? cosine : 1, sum = 0;
        for (int power = odd ? 1 : 0; power <= degrees - 2; power += 2)
        {
            sum += term;
            term *= square * (power + 1) / (power + 2);
        }

        double inside = odd ? 2 / Math.PI * (angle + Math.Sin(angle) * sum) : Math.Sin(angle) * sum;
        return Math.Clamp(1 - inside, 0, 1);
    }

    /// <summary>The t with P(|T| &gt; t) = <paramref name="tail"/>.</summary>
    public static double TwoSidedQuantile(double tail, int degrees)
    {
        if (!(tail is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(tail), tail, "A probability inside (0, 1) is needed.");
        double low = 0, high = 1;
        while (TwoSidedTail(high, degrees) > tail) high *= 2;
        for (int i = 0; i < 80; i++)
        {
            double middle = (low + high) / 2;
            if (TwoSidedTail(middle, degrees) > tail) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }
}
