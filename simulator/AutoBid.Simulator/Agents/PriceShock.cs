using AutoBid.Core.Time;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Agents;

/// <summary>The block-constant price factors of one period. Pure function of (seed, period, options): the same for every seat.</summary>
public sealed class PriceShock
{
    private readonly double[] _factors = new double[StepClock.StepsPerDay];

    public PriceShock(ulong seed, int period, PriceShockOptions options)
    {
        if (!(options.Lowest > 0) || !(options.Highest >= options.Lowest) || options.ShortestBlock < 1 || options.LongestBlock < options.ShortestBlock)
            throw new ArgumentException("Factors above 0 and blocks of at least one step are needed, lowest and shortest first.", nameof(options));
        var draws = new StepDraws(seed, period, 0);
        RandomStream lengths = draws.Stream(0, DrawPurpose.PriceShockLength);
        RandomStream factors = draws.Stream(0, DrawPurpose.PriceShockFactor);
        int span = options.LongestBlock - options.ShortestBlock + 1;
        int block = 0;
        for (int step = 0; step < _factors.Length; block++)
        {
            int end = Math.Min(step + options.ShortestBlock + (int)(span * lengths.Uniform(block)), _factors.Length);
            double factor = Math.Exp(factors.Uniform(block, Math.Log(options.Lowest), Math.Log(options.Highest)));
            for (; step < end; step++) _factors[step] = factor;
        }
    }

    /// <summary>Factor on the multipliers of a step.</summary>
    public double Factor(int step) => _factors[step];

    /// <summary>Factor for a policy that starts from its own last executed multiplier, which already carries the last factor.</summary>
    public double Change(int step) => step == 0 ? _factors[0] : _factors[step] / _factors[step - 1];
}
