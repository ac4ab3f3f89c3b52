using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Shifts;

/// <summary>
/// A change of the market that policies were neither made nor trained for. Everything else stays as in the period without it, draw by draw, so that a
/// policy's loss is measured on common random numbers.
/// </summary>
public sealed record Shift
{
    private static readonly Shift[] Presets =
    [
        new() { Name = "none" },
        new() { Name = "regime-4", RegimeSteps = 4 },
        new() { Name = "regime-6", RegimeSteps = 6 },
        new() { Name = "regime-12", RegimeSteps = 12 },
        new() { Name = "regime-16", RegimeSteps = 16 },
        new() { Name = "correlated-values", ValueCorrelation = 0.5 },
        new() { Name = "price-shocks", PriceShock = new PriceShockOptions() },
        new() { Name = "richer-rivals", RivalBudgetFactor = 1.1 },
        new() { Name = "tighter-targets", TargetFactor = 0.8 },
        new() { Name = "traffic-spikes", SpikeProbability = 0.25 },
        new() { Name = "late-conversions", Delay = new ConversionDelay(0.5, 4) },
    ];

    public required string Name { get; init; }

    /// <summary>Steps of a value regime; 0: as in the traffic's own options. Priors go on saying what earlier days had.</summary>
    public int RegimeSteps { get; init; }

    /// <summary>Correlation of the advertisers' values on one opportunity; 0: as in the traffic's own options.</summary>
    public double ValueCorrelation { get; init; }

    /// <summary>Chance of a 4-step window to carry two to three times its traffic; 0: as in the traffic's own options.</summary>
    public double SpikeProbability { get; init; }

    /// <summary>Null: none. Acts on the bids of all seats that are not under test.</summary>
    public PriceShockOptions? PriceShock { get; init; }

    /// <summary>Factor on the budgets of all seats that are not under test.</summary>
    public double RivalBudgetFactor { get; init; } = 1;

    /// <summary>Factor on the CPA targets of all seats.</summary>
    public double TargetFactor { get; init; } = 1;

    /// <summary>Null: conversions are reported with the step they belong to.</summary>
    public ConversionDelay? Delay { get; init; }

    /// <summary>Names of the presets, <c>none</c> first.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Presets.Select(preset => preset.Name)];

    /// <summary>The preset of this name; null when there is none.</summary>
    public static Shift? Find(string name) => Array.Find(Presets, preset => preset.Name == name);

    /// <summary>The traffic of the shifted market.</summary>
    public TrafficOptions Apply(TrafficOptions traffic) => traffic with
    {
        RegimeSteps = RegimeSteps > 0 ? RegimeSteps : traffic.RegimeSteps,
        ValueCorrelation = ValueCorrelation > 0 ? ValueCorrelation : traffic.ValueCorrelation,
        SpikeProbability = SpikeProbability > 0 ? SpikeProbability : traffic.SpikeProbability,
    };

    /// <summary>The money of a seat under test, such as a candidate on frozen rivals: its target moves, its budget is its own.</summary>
    public Seat Apply(Seat seat) => seat with { TargetCpa = seat.TargetCpa * TargetFactor };

    /// <summary>The shifted line-up.</summary>
    /// <param name="tested">Seats under test: they keep their budgets and bid as they decide. None on frozen rivals, where all seats are rivals.</param>
    public LineUp Apply(LineUp lineUp, IReadOnlyCollection<int>? tested = null)
    {
        var agents = new SeatAgent[lineUp.Agents.Count];
        for (int seat = 0; seat < agents.Length; seat++)
        {
            SeatAgent agent = lineUp.Agents[seat] with { Seat = Apply(lineUp.Agents[seat].Seat) };
            agents[seat] = tested?.Contains(seat) == true ? agent
                : agent with { Seat = agent.Seat with { Budget = agent.Seat.Budget * RivalBudgetFactor }, Shock = PriceShock ?? agent.Shock };
        }

        return lineUp with { Agents = agents };
    }

    /// <summary>The shifted period: traffic, line-up and reports of conversions.</summary>
    /// <param name="tested">Seats under test; see <see cref="Apply(LineUp, IReadOnlyCollection{int}?)"/>.</param>
    public PeriodSetup Apply(PeriodSetup setup, IReadOnlyCollection<int>? tested = null) => setup with
    {
        Traffic = Apply(setup.Traffic),
        LineUp = Apply(setup.LineUp, tested),
        Delay = Delay ?? setup.Delay,
    };
}
