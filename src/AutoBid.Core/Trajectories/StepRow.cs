using System.Runtime.InteropServices;

namespace AutoBid.Core.Trajectories;

/// <summary>
/// One step of a campaign's day: 16 float32 scalars in 60 bytes. What policies see; money that must be exact lives in the ledger.
/// Closed rows are never rewritten; the running step is a partial row with <see cref="Elapsed"/> below 1.
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = 60)]
public struct StepRow
{
    /// <summary>Opportunities offered to the campaign.</summary>
    public float Impressions;

    /// <summary>Sum of predicted value over the opportunities.</summary>
    public float SumValue;

    /// <summary>Sum of the bids, account currency.</summary>
    public float SumBid;

    /// <summary>Executed multiplier: sum of bids / (reference x sum of value bid on); the published one where nothing was bid.</summary>
    public float Multiplier;

    /// <summary>Mean minimum to win over the signals of the step, account currency; 0 without signals.</summary>
    public float MeanLeastWinningCost;

    /// <summary>Number of market signals behind the curve of this step.</summary>
    public float Signals;

    public float Wins;

    public float Exposures;

    /// <summary>Spend, account currency.</summary>
    public float Cost;

    /// <summary>Conversions by arrival.</summary>
    public float Conversions;

    /// <summary>Value of these conversions, account currency.</summary>
    public float ConversionValue;

    /// <summary>Sum of predicted value over exposed impressions: the expected conversions (or revenue) bought.</summary>
    public float ValueWon;

    /// <summary>Spend that arrived in this step but belongs to closed ones.</summary>
    public float LateCost;

    /// <summary>Conversions whose click lies in a closed step.</summary>
    public float LateConversions;

    // Elapsed, with its sign bit for Partial: a share has no use for it, and an active campaign keeps 48 rows.
    private float _elapsed;

    /// <summary>1 for a closed step, the elapsed share of the running one.</summary>
    public float Elapsed
    {
        readonly get => MathF.Abs(_elapsed);
        set => _elapsed = MathF.CopySign(value, _elapsed);
    }

    /// <summary>1 when the step closed without the final counts of every live node.</summary>
    public float Partial
    {
        readonly get => float.IsNegative(_elapsed) ? 1 : 0;
        set => _elapsed = MathF.CopySign(_elapsed, value > 0 ? -1 : 1);
    }

    /// <summary>Mean predicted value of the opportunities; 0 without opportunities.</summary>
    public readonly float MeanValue => Impressions > 0 ? SumValue / Impressions : 0;

    /// <summary>Mean bid, account currency per impression.</summary>
    public readonly float MeanBid => Impressions > 0 ? SumBid / Impressions : 0;

    /// <summary>Factor from what market signals cover (bids that were sent) to all opportunities of the step; at least 1.</summary>
    public readonly double Coverage => Signals > 0 ? Math.Max(Impressions / Signals, 1) : 1;
}
