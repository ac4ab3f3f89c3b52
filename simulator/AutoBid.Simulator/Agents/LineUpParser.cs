using System.Globalization;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Agents;

/// <summary>
/// Reads who plays where. A text is a named line-up (<c>mixed-3</c>, <c>final-round</c>, <c>self:mpc</c>), or parts joined by commas:
/// <c>policy:seat</c>, <c>policy:first-last</c>, <c>all=policy</c> (self-play), and once <c>rest=</c> with a policy or a named line-up, whose agents
/// keep their own seats: <c>mpc:0-11,pid:12-23,gave:24,rest=mixed-3</c>. Seats count from 0; each is assigned once and none stays empty.
/// </summary>
/// <param name="find">The policy of a name; null when there is none. Asked once per name, so that seats of one policy share its instance.</param>
public sealed class LineUpParser(LineUpFactory factory, Func<string, IBidPolicy?> find)
{
    private const string Self = "self:";
    private const string Rest = "rest=";
    private const string Everybody = "all=";
    private const string Mixed = "mixed-";

    // Line-ups without a number of their own get one from their text, beyond those of the mixed ones in use.
    private const int FirstTextId = 1_000_000;

    private readonly Dictionary<string, IBidPolicy> _policies = new(StringComparer.Ordinal);

    /// <exception cref="LineUpFormatException">Unknown policy or line-up, a seat out of range or assigned twice, an empty seat; names the part.</exception>
    public LineUp Parse(string text, IReadOnlyList<Seat> seats, PacingMode mode = PacingMode.SpendFirst)
    {
        string trimmed = text.Trim();
        if (trimmed.Length == 0) throw new LineUpFormatException("the line-up is empty: give a name such as mixed-0, or parts such as mpc:0-11,rest=pid");
        if (Named(trimmed, seats, mode) is { } named) return named;

        var agents = new SeatAgent?[seats.Count];
        string? rest = null;
        foreach (string part in trimmed.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.StartsWith(Rest, StringComparison.Ordinal))
            {
                if (rest is not null) throw Bad(part, "rest is already given");
                rest = part;
            }
            else if (part.StartsWith(Everybody, StringComparison.Ordinal))
            {
                Assign(part, Policy(part, part[Everybody.Length..]), 0, seats.Count - 1, agents, seats, mode);
            }
            else
            {
                int colon = part.LastIndexOf(':');
                if (colon < 0) throw Bad(part, "expected policy:seats, all=policy or rest=policy");
                (int first, int last) = Range(part, part[(colon + 1)..], seats.Count);
                Assign(part, Policy(part, part[..colon]), first, last, agents, seats, mode);
            }
        }

        if (rest is not null) FillRest(rest, agents, seats, mode);
        int empty = Array.IndexOf(agents, null);
        if (empty >= 0) throw new LineUpFormatException($"seat {empty} is empty: assign it, or add rest=policy");
        return new LineUp(IdOf(trimmed), trimmed, [.. agents.Select(agent => agent!)]);
    }

    private LineUp? Named(string name, IReadOnlyList<Seat> seats, PacingMode mode)
    {
        if (name == FinalRoundField.Name)
        {
            if (seats.Count != FinalRoundField.Seats) throw Bad(name, $"this line-up has {FinalRoundField.Seats} seats, the market {seats.Count}");
            return LineUpFactory.FinalRound(seats, mode);
        }

        if (name.StartsWith(Mixed, StringComparison.Ordinal))
        {
            return int.TryParse(name.AsSpan(Mixed.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < FirstTextId
                ? factory.Opponents(id, seats, mode)
                : throw Bad(name, "expected mixed- and a number");
        }

        if (!name.StartsWith(Self, StringComparison.Ordinal) || name.Contains(',', StringComparison.Ordinal)) return null;
        IBidPolicy policy = Policy(name, name[Self.Length..]);
        return new LineUp(IdOf(name), name, [.. seats.Select(money => Agent(policy, money, mode))]);
    }

    private void FillRest(string part, SeatAgent?[] agents, IReadOnlyList<Seat> seats, PacingMode mode)
    {
        string name = part[Rest.Length..];
        LineUp? named = Named(name, seats, mode);
        IBidPolicy? policy = named is null ? Policy(part, name) : null;
        for (int seat = 0; seat < agents.Length; seat++) agents[seat] ??= named?.Agents[seat] ?? Agent(policy!, seats[seat], mode);
    }

    private void Assign(string part, IBidPolicy policy, int first, int last, SeatAgent?[] agents, IReadOnlyList<Seat> seats, PacingMode mode)
    {
        for (int seat = first; seat <= last; seat++)
        {
            if (agents[seat] is not null) throw Bad(part, $"seat {seat} is assigned twice");
            agents[seat] = Agent(policy, seats[seat], mode);
        }
    }

    private SeatAgent Agent(IBidPolicy policy, Seat money, PacingMode mode)
        => new() { Seat = money, Policy = policy, Mode = mode, Prior = factory.Prior, FollowsExecuted = policy is PidPolicy };

    private IBidPolicy Policy(string part, string name)
    {
        if (_policies.TryGetValue(name, out IBidPolicy? known)) return known;
        return _policies[name] = find(name) ?? throw Bad(part, $"there is no policy '{name}'");
    }

    private static (int First, int Last) Range(string part, string text, int count)
    {
        string[] ends = text.Split('-');
        if (ends.Length > 2 || !Number(ends[0], out int first) || !Number(ends[^1], out int last)) throw Bad(part, $"'{text}' is not a seat or a range of seats");
        if (last < first) throw Bad(part, "the range runs backwards");
        return last < count ? (first, last) : throw Bad(part, $"seats run from 0 to {count - 1}");
    }

    private static bool Number(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    // FNV-1a: the same number for the same text on every machine.
    private static int IdOf(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text) hash = (hash ^ c) * 16777619;
        return FirstTextId + (int)(hash % 1_000_000_000);
    }

    private static LineUpFormatException Bad(string part, string why) => new($"'{part}': {why}");
}
