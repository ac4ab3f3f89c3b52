using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AutoBid.Core.Conversions;

/// <summary>
/// What one campaign has shown of its conversion delays; 212 bytes, reference-free.
/// <para>
/// Conversions that have not arrived are not seen at all, so a histogram of the delays seen would favour short ones. Arrivals are therefore set against
/// exposure: arrivals in age bin b have the mean c x p(b) x E(b), with E(b) the predicted value (expected conversions) of the wins that have passed
/// the bin, p(b) = P(delay in b | will convert) and c the calibration of the predictions. So p(b) goes with arrivals(b) / E(b), whatever is still to come.
/// </para>
/// Counts of the running day are integers: the order of events changes nothing. They are folded in once a day; both sums halve every 14 days.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct DelayEvidence
{
    /// <summary>Days in which evidence loses half of its weight.</summary>
    public const double HalfLifeDays = 14;

    /// <summary>Delayed arrivals that the prior must have promised in vain before a campaign counts as free of delays: P(none) = e^-5.</summary>
    private const double DelayedInVain = 5;

    /// <summary>Rounds of the fixed point between calibration and shares.</summary>
    private const int Rounds = 6;

    private Counts _fresh;
    private int _freshUntimed;
    private Sums _arrived;
    private Sums _exposed;
    private float _untimed;

    /// <summary>A conversion arrived <paramref name="delayTicks"/> after its click; <paramref name="change"/> -1 takes one back.</summary>
    public void Add(long delayTicks, int change) => _fresh[DelayBins.Of(delayTicks)] += change;

    /// <summary>A conversion without click time: it counts as arrived at once and says nothing about the delays of others.</summary>
    public void AddUntimed(int change) => _freshUntimed += change;

    /// <summary>Conversions behind the shares, forgetting included.</summary>
    public readonly double Conversions
    {
        get
        {
            double sum = 0;
            for (int b = 0; b < DelayBins.Count; b++) sum += _arrived[b];
            return sum;
        }
    }

    /// <summary>Share of the campaign's conversions that bear no click time.</summary>
    public readonly double UntimedShare
    {
        get
        {
            double untimed = Math.Max(_untimed + _freshUntimed, 0);
            if (untimed <= 0) return 0;
            double timed = 0;
            for (int b = 0; b < DelayBins.Count; b++) timed += _arrived[b] + _fresh[b];
            return untimed / (untimed + Math.Max(timed, 0));
        }
    }

    /// <summary>Closes a day: its arrivals and the exposure it added per bin join what <paramref name="days"/> have made to fade.</summary>
    public void Fold(ReadOnlySpan<double> exposed, double days)
    {
        double kept = double.Exp2(-Math.Max(days, 0) / HalfLifeDays);
        for (int b = 0; b < DelayBins.Count; b++)
        {
            // A retraction may come after its conversion has faded.
            _arrived[b] = (float)Math.Max(_arrived[b] * kept + _fresh[b], 0);
            _exposed[b] = (float)(_exposed[b] * kept + exposed[b]);
            _fresh[b] = 0;
        }

        _untimed = (float)Math.Max(_untimed * kept + _freshUntimed, 0);
        _freshUntimed = 0;
    }

    /// <summary>
    /// P(delay in bin | will convert), given a click time. With prior mass q(b), arrivals n(b), exposure E(b) and x(b) = c q(b) E(b) arrivals expected of
    /// the prior, p(b) ~ q(b) (k(b) m(b) + n(b)) / (k(b) + x(b)): a Poisson rate whose prior weighs k(b) = K q(b) + 1 arrivals, scaled to sum 1;
    /// c = arrivals / sum p(b) E(b). m(b) = min(1, p / q of the bin before) carries on what younger ages have refuted: a campaign without conversions
    /// between an hour and a day has few after a month, although no win is that old yet. What is left of the prior holds only as far as predictions leave
    /// room: where arrivals account for all that was predicted (c would exceed 1), c is held at 1 and the prior's part is what is left of 1.
    /// </summary>
    /// <param name="valueIsConversions">False where predicted value is revenue: it leaves no such room to measure.</param>
    public readonly void Shares(DelayPrior prior, bool valueIsConversions, Span<double> shares)
    {
        prior.Shares.CopyTo(shares);
        double arrivals = Conversions;
        if (arrivals <= 0) return;
        if (IsFreeOfDelays(prior, arrivals))
        {
            shares.Clear();
            shares[0] = 1;
            return;
        }

        Span<double> believed = stackalloc double[DelayBins.Count], borne = stackalloc double[DelayBins.Count];
        for (int round = 0; round < Rounds; round++)
        {
            double passed = 0;
            for (int b = 0; b < DelayBins.Count; b++) passed += shares[b] * _exposed[b];
            // Arrivals of wins nobody predicted: nothing to set them against.
            if (passed <= 0) return;
            double calibration = arrivals / passed;
            bool leavesRoom = !valueIsConversions || calibration < 1;
            if (!leavesRoom) calibration = 1;
            double believedSum = 0, borneSum = 0;
            for (int b = 0; b < DelayBins.Count; b++)
            {
                double mass = prior.Shares[b], weight = prior.Conversions * mass + 1;
                double carried = b == 0 || prior.Shares[b - 1] <= 0 ? 1 : Math.Min((believed[b - 1] + borne[b - 1]) / prior.Shares[b - 1], 1);
                // What the prior rules out is told by arrivals alone, against one of doubt.
                double expected = calibration * _exposed[b] * (mass > 0 ? mass : 1);
                believed[b] = mass * weight * carried / (weight + expected);
                borne[b] = (mass > 0 ? mass : 1) * _arrived[b] / (weight + expected);
                believedSum += believed[b];
                borneSum += borne[b];
            }

            double belief = leavesRoom || believedSum <= 0 ? 1 : Math.Clamp((1 - borneSum) / believedSum, 0, 1), sum = borneSum + belief * believedSum;
            for (int b = 0; b < DelayBins.Count; b++) shares[b] = (belief * believed[b] + borne[b]) / sum;
        }
    }

    private readonly bool IsFreeOfDelays(DelayPrior prior, double arrivals)
    {
        double promised = 0, passed = 0;
        for (int b = 0; b < DelayBins.Count; b++)
        {
            if (b > 0 && _arrived[b] > 0) return false;
            passed += prior.Shares[b] * _exposed[b];
            if (b > 0) promised += prior.Shares[b] * _exposed[b];
        }

        // A prior without delays promises none; then the formula above gives exactly what this would.
        return passed > 0 && arrivals * promised / passed >= DelayedInVain;
    }

    [InlineArray(DelayBins.Count)]
    private struct Counts
    {
        private int _first;
    }

    [InlineArray(DelayBins.Count)]
    private struct Sums
    {
        private float _first;
    }
}
