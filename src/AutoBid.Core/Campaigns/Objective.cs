namespace AutoBid.Core.Campaigns;

/// <summary>What a campaign buys, and so what its predicted <c>value</c> means (design.md section 4).</summary>
public enum Objective : byte
{
    /// <summary>value = P(conversion); no target; the reference is the market CPA estimate, frozen per day.</summary>
    MaxConversions,

    /// <summary>value = P(conversion); target = CPA in account currency; the reference is the target.</summary>
    TargetCpa,

    /// <summary>value = expected revenue in account currency; target = revenue / spend; the reference is 1 / target.</summary>
    TargetRoas,
}
