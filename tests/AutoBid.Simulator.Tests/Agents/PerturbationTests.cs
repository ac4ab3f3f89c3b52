using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Tests.Agents;

public sealed class PerturbationTests
{
    private static readonly PerturbationOptions Options = new();

    [Fact]
    public void Factors_are_block_constant_within_their_ranges()
    {
        var lengths = new List<int>();
        var logs = new List<double>();
        var starts = new List<double>();
        for (int seat = 0; seat < 400; seat++)
        {
            var perturbation = new Perturbation(3, 1, seat, Options);
            starts.Add(perturbation.StartMultiplier);
            int from = 0;
            for (int step = 1; step <= 48; step++)
            {
                if (step < 48 && perturbation.Factor(step) == perturbation.Factor(step - 1)) continue;
                logs.Add(Math.Log(perturbation.Factor(from)));
                if (step < 48) lengths.Add(step - from);
                from = step;
            }
        }

        Assert.Equal(1, lengths.Min());
        Assert.Equal(12, lengths.Max());
        Assert.All(logs, log => Assert.InRange(log, -0.7, 0.7));
        Assert.Equal(0, logs.Average(), 0.05);
        Assert.Equal(0.7 / Math.Sqrt(3), Math.Sqrt(logs.Average(x => x * x)), 0.03);
        Assert.All(starts, start => Assert.InRange(start, 0.3, 3));
        Assert.Equal(0.5 * (Math.Log(0.3) + Math.Log(3)), starts.Average(Math.Log), 0.1);
    }

    [Fact]
    public void Changes_multiply_up_to_the_factor()
    {
        var perturbation = new Perturbation(3, 1, 5, Options);
        double product = 1;
        for (int step = 0; step < 48; step++)
        {
            product *= perturbation.Change(step);
            Assert.Equal(perturbation.Factor(step), product, 1e-12);
        }
    }

    [Fact]
    public void It_is_a_function_of_seed_period_and_seat()
    {
        static double[] All(Perturbation p) => [.. Enumerable.Range(0, 48).Select(p.Factor)];
        double[] one = All(new Perturbation(3, 1, 5, Options));
        Assert.Equal(one, All(new Perturbation(3, 1, 5, Options)));
        Assert.NotEqual(one, All(new Perturbation(4, 1, 5, Options)));
        Assert.NotEqual(one, All(new Perturbation(3, 2, 5, Options)));
        Assert.NotEqual(one, All(new Perturbation(3, 1, 6, Options)));
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Perturbation(1, 0, 0, Options with { LongestBlock = 0 }));
        Assert.Throws<ArgumentException>(() => new Perturbation(1, 0, 0, Options with { LowestStart = 0 }));
        Assert.Throws<ArgumentException>(() => new Perturbation(1, 0, 0, Options with { LogFactor = double.NaN }));
    }
}
