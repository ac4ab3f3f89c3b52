using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Traffic;

/// <summary>
/// How far nature is from one advertiser's predictions in one period (auction.md): sigma = pValue x q, q ~ |N(q_a, q_a / 2)| capped at 0.3,
/// q_a ~ |N(0.15, 0.06)| with values above 0.3 replaced by 0.2; the true value is normal(pValue, sigma) truncated at [-2 u1, +2 u2] sigma with
/// (u1, u2) fixed for the period: a bias the bidder cannot see, of standard deviation 0.29 sigma.
/// </summary>
public readonly struct PredictionNoise
{
    /// <summary>The true value never exceeds this multiple of the prediction: |z| at most 2 (and a rounding), q at most 0.3.</summary>
    public const double LargestFactor = 1.601;

    private const double LargestRelativeNoise = 0.3;

    private readonly double _low;
    private readonly double _high;

    private PredictionNoise(double level, double low, double high)
    {
        Level = level;
        _low = low;
        _high = high;
    }

    /// <summary>q_a.</summary>
    public double Level { get; }

    public static PredictionNoise For(ulong seed, int period, int advertiser)
    {
        var draws = new StepDraws(seed, period, 0);
        double level = Math.Abs(0.15 + 0.06 * draws.Stream(advertiser, DrawPurpose.NoiseOfAdvertiser).Normal(0));
        RandomStream bias = draws.Stream(advertiser, DrawPurpose.HiddenBias);
        double low = NormalDistribution.Cdf(-2 * bias.Uniform(0));
        double high = NormalDistribution.Cdf(2 * bias.Uniform(1));
        return new PredictionNoise(level > LargestRelativeNoise ? 0.2 : level, low, high);
    }

    /// <summary>q of one opportunity, from its standard normal draw.</summary>
    public double Relative(double normal) => Math.Min(Math.Abs(Level + 0.5 * Level * normal), LargestRelativeNoise);

    /// <summary>The probability nature uses, in [0, 1].</summary>
    /// <param name="value">The prediction.</param>
    /// <param name="relative">q, from <see cref="Relative"/>.</param>
    /// <param name="uniform">The opportunity's draw, in (0, 1).</param>
    public double TrueValue(double value, double relative, double uniform)
    {
        float centred = (float)(_low + uniform * (_high - _low) - 0.5);
        return Math.Clamp(value * (1 + relative * NormalDistribution.QuantileOfCentred(centred)), 0, 1);
    }
}
