namespace AutoBid.Simulator.Evaluation;

/// <summary>How a candidate meets its rivals.</summary>
public enum EvaluationPath
{
    /// <summary>Rivals bid as they did in the base period.</summary>
    Frozen,

    /// <summary>The whole period is played again with the candidate in it: rivals react.</summary>
    Full,
}
