namespace AutoBid.Core.Guarding;

/// <summary>Bounds on a Poisson mean from one count.</summary>
public static class PoissonBound
{
    /// <summary>
    /// Upper bound of the mean at one-sided <paramref name="confidence"/>, given <paramref name="count"/> events: the mean m with
    /// P(X &lt;= count | m) = 1 - confidence. Wilson-Hilferty approximation of the chi-square quantile, within 1 % from count 0 on.
    /// </summary>
    public static double Upper(double count, double confidence)
    {
        double z = NormalQuantile(confidence);
        double k = Math.Max(count, 0) + 1;
        if (k < 2)
        {
            // Between 0 and 1 events the exact bound at 0, -ln(1 - confidence), anchors the curve.
            double zero = -Math.Log(1 - confidence);
            return zero + (k - 1) * (Cube(2, z) - zero);
        }

        return Cube(k, z);
    }

    private static double Cube(double k, double z)
    {
        double t = 1 - 1 / (9 * k) + z / (3 * Math.Sqrt(k));
        return k * t * t * t;
    }

    /// <summary>Quantile of the standard normal by Newton steps on a logistic start; p in [0.5, 1).</summary>
    internal static double NormalQuantile(double p)
    {
        double z = Math.Log(p / (1 - p)) / 1.702;
        for (int i = 0; i < 8; i++)
        {
            double density = Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
            double step = (Cumulative(z) - p) / density;
            z -= Math.Clamp(step, -1, 1);
        }

        return z;
    }

    /// <summary>Standard normal distribution by its continued series; accurate to 1e-12 for |z| below 6.</summary>
    private static double Cumulative(double z)
    {
        double term = z, sum = z;
        for (int i = 1; i < 200 && Math.Abs(term) > 1e-16; i++)
        {
            term *= z * z / (2 * i + 1);
            sum += term;
        }

        return 0.5 + sum * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI);
    }
}
