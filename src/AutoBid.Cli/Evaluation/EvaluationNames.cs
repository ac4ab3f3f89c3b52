using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Evaluation;

/// <summary>Finds line-ups and market shifts by the names that <c>evaluate</c> takes.</summary>
internal static class EvaluationNames
{
    private const string Mixed = "mixed-";

    /// <summary>The line-up of a name, every seat in the mode.</summary>
    /// <exception cref="CommandException">There is no such line-up.</exception>
    public static LineUp LineUp(string name, LineUpFactory factory, PacingMode mode)
    {
        if (name.StartsWith(Mixed, StringComparison.Ordinal) && int.TryParse(name.AsSpan(Mixed.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            return factory.Opponents(id, AuctionNetSeats.All, mode);
        throw new CommandException($"--lineup: '{name}' is not mixed-N", CommandException.Usage);
    }

    /// <summary>What a shift makes of a day; null: nothing.</summary>
    /// <exception cref="CommandException">There is no such shift.</exception>
    public static Func<PeriodSetup, PeriodSetup>? Shift(string? name)
        => name is null or "none" ? null : throw new CommandException($"--shift: '{name}' is not none", CommandException.Usage);
}
