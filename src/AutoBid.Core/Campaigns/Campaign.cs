using AutoBid.Core.Money;

namespace AutoBid.Core.Campaigns;

/// <summary>The settings of one campaign: immutable, versioned; the database is the truth and <c>autobid.campaigns</c> carries them.</summary>
public sealed record Campaign
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public string Name { get; init; } = "";

    public required Objective Objective { get; init; }

    /// <summary>Account currency, ISO 4217.</summary>
    public string Currency { get; init; } = "USD";

    /// <summary>Daily budget, nanos of account currency (at most 6 decimals were accepted).</summary>
    public required long DailyBudgetNanos { get; init; }

    /// <summary>CPA in account currency (TargetCpa), value / spend (TargetRoas), null (MaxConversions).</summary>
    public decimal? Target { get; init; }

    /// <summary>MaxConversions: market CPA in account currency to start from; null: the engine's own estimate.</summary>
    public decimal? Reference { get; init; }

    /// <summary>No bid below this price, nanos per impression; 0: none.</summary>
    public long BidFloorNanos { get; init; }

    /// <summary>No bid above this price, nanos per impression; 0: none.</summary>
    public long BidCapNanos { get; init; }

    public Schedule Schedule { get; init; } = new();

    /// <summary>Budget of the whole flight in nanos; null: none.</summary>
    public long? FlightBudgetNanos { get; init; }

    /// <summary>Account (scope shared by campaigns) and its daily budget; null: none.</summary>
    public string? Account { get; init; }

    public long? AccountBudgetNanos { get; init; }

    /// <summary>Name of the policy (pid, mpc, constant, gave, cbd); null: the service's default.</summary>
    public string? Policy { get; init; }

    public PacingMode Mode { get; init; } = PacingMode.TargetFirst;

    public Reservation Reservation { get; init; } = Reservation.Strict;

    public double MinMultiplier { get; init; } = 0.05;

    public double MaxMultiplier { get; init; } = 4;

    /// <summary>Best constant multiplier of the account's earlier days; what a cold start uses.</summary>
    public double AccountConstant { get; init; } = 1;

    public CampaignStatus Status { get; init; } = CampaignStatus.Active;

    /// <summary>A/B arm: the campaign it belongs to.</summary>
    public string? Parent { get; init; }

    /// <summary>Raised by one with every stored change; consumers ignore versions that are not newer.</summary>
    public long Version { get; init; } = 1;

    /// <summary>
    /// Reference price in account currency per unit of value: the bid at multiplier 1.
    /// <paramref name="marketCpa"/> is the frozen estimate of the day, used by MaxConversions without an own reference.
    /// </summary>
    public double ReferencePrice(double marketCpa) => Objective switch
    {
        Objective.TargetCpa => (double)Target!.Value,
        Objective.TargetRoas => 1.0 / (double)Target!.Value,
        _ => Reference is { } own ? (double)own : marketCpa,
    };

    /// <summary>Daily budget in account currency, for models and reports.</summary>
    public double DailyBudget => Nanos.ToDouble(DailyBudgetNanos);
}
