using AutoBid.Core.Conversions;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine;

/// <summary>Settings of one engine.</summary>
public sealed record EngineOptions
{
    /// <summary>Name of this node; part of its leases. A restarted process must bear another one: its sequence numbers start anew.</summary>
    public string Node { get; init; } = "node-1";

    /// <summary>Number of nodes that share the budgets; a lease is at most remaining / (2 x nodes).</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>True: other nodes own other partitions; each gives signs of life in the store and waits for their statistics before it closes a step.</summary>
    public bool SharesPartitions { get; init; }

    /// <summary>A node that gave no sign of life for this long is not waited for and does not count among those that share the budgets.</summary>
    public TimeSpan NodeLife { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long after its end a step waits for the statistics of all live nodes; then it closes as partial.</summary>
    public TimeSpan StepGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Length of a control tick, 1 s to 30 min.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Life of a lease without renewal.</summary>
    public TimeSpan LeaseLife { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A node stops this long before its lease expires.</summary>
    public TimeSpan LeaseMargin { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest time that a hold may stay open; a lease of a dead node returns this long after its expiry.</summary>
    public TimeSpan LongestHold { get; init; } = TimeSpan.FromMinutes(35);

    /// <summary>At most this long between an applied event and the commit that makes it state.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long the identity of an event is remembered, in event time.</summary>
    public TimeSpan DedupeWindow { get; init; } = TimeSpan.FromHours(72);

    /// <summary>How long a conversion can be retracted or restated, in event time; looked at when a campaign's day begins.</summary>
    public TimeSpan ConversionMemory { get; init; } = TimeSpan.FromDays(30);

    /// <summary>What the ledger forgets, and when; looked at once an hour.</summary>
    public LedgerRetention Retention { get; init; } = new();

    /// <summary>Channel whose events settle, per exchange; others: <see cref="DefaultBilling"/>.</summary>
    public IReadOnlyDictionary<string, BillingChannel> Billing { get; init; } = new Dictionary<string, BillingChannel>(StringComparer.Ordinal);

    public BillingChannel DefaultBilling { get; init; } = BillingChannel.Burl;

    /// <summary>When conversions arrive after their click, before a campaign has shown it.</summary>
    public DelayPrior Delays { get; init; } = DelayPrior.Display;

    public GuardOptions Guard { get; init; } = new();

    /// <summary>Population prior of the market; null: none.</summary>
    public PopulationPrior? Prior { get; init; }

    /// <summary>MaxConversions without own reference and without prior: where the market CPA estimate starts, account currency.</summary>
    public double MarketCpa { get; init; } = 50;
}
