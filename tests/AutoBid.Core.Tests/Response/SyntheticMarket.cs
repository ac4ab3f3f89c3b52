using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Response;

/// <summary>
/// Prices per unit of value are lognormal, so that the truth is known: an opportunity is won at bid b when its price lies below b,
/// and the marginal price of value at b is b itself.
/// </summary>
internal sealed class SyntheticMarket(double medianPrice = 80, double sigma = 0.6, double meanValue = 0.0005)
{
    private const int Slices = 2000;

    public const double Budget = 2000;
    public const double Reference = 100;
    public const double PerDay = 240_000;

    private static readonly double[] Normals = [.. Enumerable.Range(0, Slices).Select(i => Quantile((i + 0.5) / Slices))];

    public double MeanValue => meanValue;

    public (double Cost, double Value) At(double bidPerValue, double level = 1)
    {
        double cost = 0, value = 0;
        for (int i = 0; i < Slices; i++)
        {
            double price = medianPrice * Math.Exp(sigma * Normals[i]) / level;
            if (price > bidPerValue) break;
            cost += price * meanValue * level / Slices;
            value += meanValue * level / Slices;
        }

        return (cost, value);
    }

    public PopulationPrior Prior(int regimeSteps = 8, double perDay = PerDay, double persistence = 0)
    {
        var bids = new double[64];
        double[] cost = new double[64], value = new double[64];
        for (int i = 0; i < bids.Length; i++)
        {
            bids[i] = 2 * Math.Pow(400, i / 63.0);
            (cost[i], value[i]) = At(bids[i]);
        }

        return new PopulationPrior(bids, cost, value, meanValue, Reference, default, perDay, regimeSteps, persistence);
    }

    /// <summary>One closed step of <paramref name="impressions"/> opportunities at a multiplier, with its curve.</summary>
    public void Close(
        TrajectoryStore store, int block, double impressions, double multiplier, double level = 1, bool curve = true, double realised = 1, double reference = Reference)
    {
        (double cost, double value) = At(multiplier * reference, level);
        var row = new StepRow
        {
            Impressions = (float)impressions,
            SumValue = (float)(impressions * meanValue * level),
            Multiplier = (float)multiplier,
            Signals = (float)impressions,
            Cost = (float)(realised * impressions * cost),
            ValueWon = (float)(impressions * value),
            Elapsed = 1,
        };
        if (!curve)
        {
            store.Close(block, row);
            return;
        }

        Span<float> costs = stackalloc float[ResponseGrid.Points], values = stackalloc float[ResponseGrid.Points];
        for (int k = 0; k < ResponseGrid.Points; k++)
        {
            (double c, double v) = At(ResponseGrid.Multipliers[k] * reference, level);
            costs[k] = (float)(impressions * c / Budget);
            values[k] = (float)(impressions * v * reference / Budget);
        }

        store.Close(block, row, costs, values);
    }

    public static ForecastInput Input(TrajectoryStore store, int block, PopulationPrior? prior, double budget = Budget) => new()
    {
        Trajectory = store.View(block),
        Budget = budget,
        Reference = Reference,
        Prior = prior,
    };

    /// <summary>Standard normal quantile by bisection on the error function's series: accurate enough for slices.</summary>
    private static double Quantile(double p)
    {
        double low = -6, high = 6;
        for (int i = 0; i < 50; i++)
        {
            double middle = (low + high) / 2;
            if (Normal(middle) < p) low = middle;
            else high = middle;
        }

        return (low + high) / 2;
    }

    private static double Normal(double x)
    {
        double term = x, sum = x;
        for (int i = 1; i < 120; i++)
        {
            term *= x * x / (2 * i + 1);
            sum += term;
        }

        return 0.5 + sum * Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
    }
}
