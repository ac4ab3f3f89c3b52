namespace AutoBid.Simulator.Evaluation;

/// <summary>What candidates are told, as a live engine may or may not know it (policies.md section 1). Rivals are told everything.</summary>
/// <param name="Step">Volume and mean value of the coming step.</param>
/// <param name="Regime">How long value levels hold, in the prior.</param>
/// <param name="Curves">Response curves of closed steps.</param>
public sealed record Knowledge(bool Step = true, bool Regime = true, bool Curves = true)
{
    private static readonly string[] Names = ["step", "regime", "curves"];

    public static Knowledge All { get; } = new();

    /// <summary>Names of what is not known, in the order step, regime, curves.</summary>
    public IReadOnlyList<string> Unknown => [.. Names.Zip([Step, Regime, Curves]).Where(pair => !pair.Second).Select(pair => pair.First)];

    /// <summary>Everything but what is named.</summary>
    /// <exception cref="ArgumentException">A name is none of step, regime, curves.</exception>
    public static Knowledge Without(IEnumerable<string> names)
    {
        string[] hidden = [.. names];
        if (hidden.FirstOrDefault(name => !Names.Contains(name)) is { } wrong) throw new ArgumentException($"'{wrong}' is none of {string.Join(", ", Names)}");
        return new Knowledge(!hidden.Contains(Names[0]), !hidden.Contains(Names[1]), !hidden.Contains(Names[2]));
    }
}
