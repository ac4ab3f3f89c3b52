using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Cli.Simulation;

/// <summary>Line-ups as commands name them; docs/simulator.md has the grammar.</summary>
internal static class LineUps
{
    /// <summary>What an option says about them.</summary>
    public const string Grammar = "mixed-N, final-round, self:POLICY, or seats such as mpc:0-11,gave:12,rest=mixed-3";

    /// <exception cref="CommandException">The text is no line-up.</exception>
    public static LineUp Parse(string text, LineUpFactory factory, PolicyResolver policies, IReadOnlyList<Seat> seats, PacingMode mode)
    {
        try
        {
            return new LineUpParser(factory, policies.TryFind).Parse(text, seats, mode);
        }
        catch (LineUpFormatException e)
        {
            throw new CommandException($"--lineup: {e.Message}", e, CommandException.Usage);
        }
    }

    /// <summary>Seat numbers of a list such as <c>0,6,12-17</c> or <c>all</c>.</summary>
    /// <exception cref="CommandException">Not such a list.</exception>
    public static IReadOnlyList<int> ParseSeats(string list)
    {
        if (list == "all") return [.. Enumerable.Range(0, AuctionNetSeats.Count)];
        var seats = new SortedSet<int>();
        foreach (string part in list.Split(',', StringSplitOptions.TrimEntries))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TrySeat(ends[0], out int first) || !TrySeat(ends[^1], out int last) || last < first)
                throw new CommandException($"--seats: '{part}' is not a seat 0 to {AuctionNetSeats.Count - 1} or a range of them", CommandException.Usage);
            for (int seat = first; seat <= last; seat++) seats.Add(seat);
        }

        return [.. seats];
    }

    private static bool TrySeat(string text, out int seat)
        => int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out seat) && seat < AuctionNetSeats.Count;
}
