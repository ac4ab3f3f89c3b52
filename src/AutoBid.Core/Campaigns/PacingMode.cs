namespace AutoBid.Core.Campaigns;

/// <summary>Which promise wins when budget and target pull apart (policies.md section 1).</summary>
public enum PacingMode : byte
{
    /// <summary>Keep the target, spend what that allows.</summary>
    TargetFirst,

    /// <summary>Maximise the score conversions x min(1, (C / CPA)^2); no CPA or ROAS cut acts.</summary>
    SpendFirst,
}
