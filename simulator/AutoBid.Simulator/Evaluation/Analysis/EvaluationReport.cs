namespace AutoBid.Simulator.Evaluation.Analysis;

/// <summary>Everything an evaluation says, as it stands in evaluation.json; tables and pictures are made from it.</summary>
public sealed record EvaluationReport
{
    public required PlanSummary Plan { get; init; }

    /// <summary>How baselines were chosen, a sentence.</summary>
    public required string BaselineRule { get; init; }

    /// <summary>Resamples behind every interval.</summary>
    public required int Resamples { get; init; }

    /// <summary>By mode, path and budget factor, in the plan's order.</summary>
    public required IReadOnlyList<ScoreGroup> Groups { get; init; }

    public required IReadOnlyList<PolicyDay> Days { get; init; }

    /// <summary>By mode and budget factor.</summary>
    public required IReadOnlyList<MeanResponse> Responses { get; init; }

    public required IReadOnlyList<double> ResponseMultipliers { get; init; }

    /// <summary>Empty unless both paths were played.</summary>
    public required IReadOnlyList<ReactionGap> Gaps { get; init; }

    /// <summary>By step: share of the day's opportunities so far, mean over the periods.</summary>
    public required IReadOnlyList<double> Volume { get; init; }
}
