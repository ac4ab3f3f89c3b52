namespace AutoBid.Simulator.Evaluation.Settings;

/// <summary>Under what an evaluation is played, where several are put side by side: everything else is the same in all of them, seeds and days included.</summary>
/// <param name="Shift">Name of the market shift; <see cref="Shifts.Shift"/>'s <c>none</c>: the market as it is.</param>
/// <param name="Prior">What candidates know of earlier days: a word or the file's name without its ending, only letters, digits, <c>-</c> and <c>_</c>.</param>
public sealed record EvaluationSetting(string Shift, string Prior, Knowledge Knowledge)
{
    public const string NoShift = "none";

    /// <summary>Name of the evaluation's folder among the others; unique, and the same whatever else is compared.</summary>
    public string Folder => $"{(Shift == NoShift ? "clean" : Shift)}.{Prior}.{(Knowledge == Knowledge.All ? "all-known" : "no-" + string.Join('-', Knowledge.Unknown))}";

    /// <summary>What candidates know, in words.</summary>
    public string Known => Knowledge.Unknown.Count switch
    {
        0 => "all known",
        3 => "all unknown",
        _ => string.Join(" and ", Knowledge.Unknown) + " unknown",
    };
}
