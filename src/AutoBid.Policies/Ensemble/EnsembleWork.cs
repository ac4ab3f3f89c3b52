using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Market;

namespace AutoBid.Policies.Ensemble;

/// <summary>
/// What one call of the ensemble needs, reused: the members' answers, and the choice among the candidates that are made of them. A candidate is held for the
/// rest of the day: bid in the running step alone, 1 of 48, it would move the score less than the curves are exact.
/// </summary>
internal sealed class EnsembleWork(EnsembleOptions options) : IFutureChoice
{
    private readonly List<PolicyDecision[]> _proposals = [];
    private readonly double[] _factors = [.. options.Factors];

    /// <summary>MPC's answers; what the ensemble answers where it has nothing better.</summary>
    public PolicyDecision[] Mpc { get; private set; } = [];

    /// <summary>Models whose answers are in use.</summary>
    public int Members { get; set; }

    /// <summary>Items whose futures were not numbers.</summary>
    public int Broken { get; private set; }

    public void Start(int items)
    {
        (Members, Broken) = (0, 0);
        if (Mpc.Length >= items) return;
        Mpc = new PolicyDecision[items];
        _proposals.Clear();
    }

    /// <summary>Room for the answers of the next member, none of them decided.</summary>
    public Span<PolicyDecision> Next(int items)
    {
        if (Members == _proposals.Count) _proposals.Add(new PolicyDecision[Mpc.Length]);
        Span<PolicyDecision> next = _proposals[Members].AsSpan(0, items);
        next.Clear();
        return next;
    }

    public bool TryWithout(int item, in PolicyInput input, out PolicyDecision decision)
    {
        decision = Mpc[item];
        if (!decision.IsDecided || !IsBid(decision.Multiplier)) return true;
        double low = decision.Multiplier, high = low;
        for (int member = 0; member < Members; member++)
        {
            ref readonly PolicyDecision proposal = ref _proposals[member][item];
            if (!proposal.IsDecided || !IsBid(proposal.Multiplier)) continue;
            low = Math.Min(low, proposal.Multiplier);
            high = Math.Max(high, proposal.Multiplier);
        }

        return Math.Log(high / low) > options.LargestDisagreement;
    }

    public PolicyDecision WithoutFutures(int item)
    {
        Broken++;
        return Mpc[item];
    }

    public PolicyDecision Choose(MarketFutures futures, int item, in PolicyInput input)
    {
        ScoreRule rule = ScoreRule.Of(input.HasTarget, input.Mode);
        // Beyond the last point the curves are flat, which would read as free of cost.
        double highest = Math.Clamp(DayForecast.Multipliers[futures.LastPoint], input.MinMultiplier, input.MaxMultiplier);
        double best = double.NegativeInfinity, chosen = 0;
        for (int member = -1; member < Members; member++)
        {
            ref readonly PolicyDecision proposal = ref (member < 0 ? Mpc : _proposals[member])[item];
            if (!proposal.IsDecided || !IsBid(proposal.Multiplier)) continue;
            foreach (double factor in _factors)
            {
                double candidate = Math.Clamp(factor * proposal.Multiplier, input.MinMultiplier, highest);
                double score = FutureRules.ScoreAt(futures, rule, candidate);
                if (score > best * (1 + 1e-12)) (best, chosen) = (score, candidate);
            }
        }

        // MPC's own is among the candidates: only a score that is not a number leaves none.
        return chosen > 0 ? new PolicyDecision { Multiplier = chosen, IsDecided = true, Plan = FuturePlan.Of(futures, input, rule, chosen, best) } : Mpc[item];
    }

    private static bool IsBid(double multiplier) => multiplier > 0 && double.IsFinite(multiplier);
}
