using AutoBid.Core.Campaigns;
using AutoBid.Core.Guarding;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation;

/// <summary>What is played: every policy at every budget factor and mode on every seat of every period, on one path or both.</summary>
public sealed record EvaluationPlan
{
    public ulong Seed { get; init; } = 1;

    /// <summary>Number of the first day. Training uses low numbers.</summary>
    public int FirstPeriod { get; init; } = 1000;

    /// <summary>Days, the replicates of every statistic.</summary>
    public int Periods { get; init; } = 20;

    /// <summary>Names of the line-ups that the days take in turn.</summary>
    public IReadOnlyList<string> LineUps { get; init; } = ["mixed-100"];

    public required IReadOnlyList<EvaluatedPolicy> Policies { get; init; }

    /// <summary>Factors on a candidate's budget; rivals keep theirs.</summary>
    public IReadOnlyList<double> BudgetFactors { get; init; } = [0.5, 0.75, 1, 1.25, 1.5];

    public IReadOnlyList<PacingMode> Modes { get; init; } = [PacingMode.SpendFirst, PacingMode.TargetFirst];

    public IReadOnlyList<EvaluationPath> Paths { get; init; } = [EvaluationPath.Frozen];

    public Knowledge Knowledge { get; init; } = Knowledge.All;

    /// <summary>The market that is played.</summary>
    public AuctionPreset Preset { get; init; } = AuctionPreset.AuctionNet;

    public TrafficOptions Traffic => Preset.Traffic;

    /// <summary>Null: no guard behind any policy, rivals included.</summary>
    public GuardOptions? Guard { get; init; } = new();

    /// <summary>Population prior of candidates; null: they have none, unless it is made from the day before.</summary>
    public PriorFile? Prior { get; init; }

    /// <summary>
    /// Candidates get a prior made from one earlier day of the market that they play in: the same line-up, settings and shift one period before, nobody
    /// taken over. Rivals keep what their line-up gave them.
    /// </summary>
    public bool PriorOfDayBefore { get; init; }

    /// <summary>Name of the market shift that the days are played under; null: none.</summary>
    public string? Shift { get; init; }

    /// <summary>
    /// Full path: seats taken over at the same time, evenly spaced over the line-up. 1: every seat by itself; all: self-play.
    /// </summary>
    public int SeatsTogether { get; init; } = 8;

    /// <summary>Seats of a line-up.</summary>
    public int Seats => Traffic.Advertisers;

    /// <summary>Throws when nothing can be played.</summary>
    /// <exception cref="ArgumentException">The message says which rule is broken.</exception>
    public void Check()
    {
        Traffic.Check();
        Preset.Rules.Check();
        Require(Periods >= 1 && FirstPeriod >= 0, "at least one period is needed, from 0 on");
        Require(LineUps.Count > 0 && Distinct(LineUps), "at least one line-up is needed, each named once");
        Require(Policies.Count > 0 && Distinct(Policies.Select(p => p.Name)), "at least one policy is needed, each named once");
        Require(BudgetFactors.Count > 0 && Distinct(BudgetFactors) && BudgetFactors.All(f => f > 0 && double.IsFinite(f)), "budget factors must be above 0, each given once");
        Require(Modes.Count > 0 && Distinct(Modes), "at least one mode is needed, each given once");
        Require(Paths.Count > 0 && Distinct(Paths), "at least one path is needed, each given once");
        Require(!PriorOfDayBefore || (Prior is null && FirstPeriod >= 1), "a prior of the day before needs a day before the first, and stands in place of another prior");
        Require(SeatsTogether >= 1 && Seats % SeatsTogether == 0, $"seats that play together must divide the {Seats} seats");
    }

    private static bool Distinct<T>(IEnumerable<T> items)
    {
        T[] all = [.. items];
        return all.Distinct().Count() == all.Length;
    }

    private static void Require(bool holds, string rule)
    {
        if (!holds) throw new ArgumentException(rule);
    }
}
