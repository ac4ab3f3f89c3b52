namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>Everything that a gate measured and how, as it stands in verdict.json.</summary>
public sealed record GateFigures
{
    /// <summary>Name/version.</summary>
    public required string Model { get; init; }

    public required string CardSha256 { get; init; }

    /// <summary>Of traffic, draws, line-ups and resamples; no other attempt has it.</summary>
    public required ulong Seed { get; init; }

    public required IReadOnlyList<string> LineUps { get; init; }

    public required string Prior { get; init; }

    public required string PriorSha256 { get; init; }

    public required int FirstValidationPeriod { get; init; }

    public required int ValidationPeriods { get; init; }

    public required int FirstTestPeriod { get; init; }

    public required int TestPeriods { get; init; }

    public required int FullPeriods { get; init; }

    /// <summary>Seats taken over at a time where rivals react.</summary>
    public required int SeatsTogether { get; init; }

    public required int OpportunitiesPerPeriod { get; init; }

    public required int Resamples { get; init; }

    /// <summary>Chosen on the validation days in SpendFirst, fixed in TargetFirst.</summary>
    public required IReadOnlyList<GateReference> References { get; init; }

    /// <summary>Frozen and told everything, frozen and told little, rivals that react; by mode, then budget factor.</summary>
    public required IReadOnlyList<GateComparison> Comparisons { get; init; }

    /// <summary>All candidates by mode and budget factor.</summary>
    public required IReadOnlyList<GateShare> Candidates { get; init; }

    /// <summary>Comparisons of one kind, in their order.</summary>
    public IEnumerable<GateComparison> Of(EvaluationPath path, bool known) => Comparisons.Where(c => c.Path == path && (c.Unknown.Count == 0) == known);
}
