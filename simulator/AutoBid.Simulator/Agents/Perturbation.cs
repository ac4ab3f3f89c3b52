using AutoBid.Core.Time;
using AutoBid.Simulator.Random;

namespace AutoBid.Simulator.Agents;

/// <summary>The block-constant factors of one seat and period, and the multiplier it starts from. Pure function of (seed, period, seat).</summary>
public sealed class Perturbation
{
    private readonly double[] _factors = new double[StepClock.StepsPerDay];

    public Perturbation(ulong seed, int period, int seat, PerturbationOptions options)
    {
        if (options.LongestBlock < 1 || !(options.LogFactor >= 0) || !(options.LowestStart > 0) || !(options.HighestStart >= options.LowestStart))
            throw new ArgumentException("Blocks of at least one step, a factor range and start multipliers above 0 are needed.", nameof(options));
        var draws = new StepDraws(seed, period, 0);
        RandomStream lengths = draws.Stream(seat, DrawPurpose.PerturbationLength);
        RandomStream factors = draws.Stream(seat, DrawPurpose.PerturbationFactor);
        int block = 0;
        for (int step = 0; step < _factors.Length; block++)
        {
            int end = Math.Min(step + 1 + (int)(options.LongestBlock * lengths.Uniform(block)), _factors.Length);
            double factor = Math.Exp(factors.Uniform(block, -options.LogFactor, options.LogFactor));
            for (; step < end; step++) _factors[step] = factor;
        }

        RandomStream start = draws.Stream(seat, DrawPurpose.PerturbationStart);
        StartMultiplier = Math.Exp(start.Uniform(0, Math.Log(options.LowestStart), Math.Log(options.HighestStart)));
    }

    /// <summary>Takes the place of the account's best constant: where feedback and constant policies start.</summary>
    public double StartMultiplier { get; }

    /// <summary>Factor on the policy's multiplier.</summary>
    public double Factor(int step) => _factors[step];

    /// <summary>Factor for a policy that starts from its own last executed multiplier, which already carries the last block's factor.</summary>
    public double Change(int step) => step == 0 ? _factors[0] : _factors[step] / _factors[step - 1];
}
