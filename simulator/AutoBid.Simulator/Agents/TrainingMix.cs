using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Agents;

/// <summary>How training line-ups are drawn.</summary>
public sealed record TrainingMix
{
    /// <summary>Seat money; permuted over the advertisers of every period, so that seat identity cannot be learned by heart.</summary>
    public IReadOnlyList<Seat> Seats { get; init; } = AuctionNetSeats.All;

    /// <summary>Budget factors; each period takes one for all its seats.</summary>
    public IReadOnlyList<double> BudgetFactors { get; init; } = [0.5, 0.75, 1, 1.25, 1.5];

    /// <summary>Share of seats that leave their policy block by block.</summary>
    public double PerturbedShare { get; init; } = 0.7;

    /// <summary>Share of seats in mode TargetFirst.</summary>
    public double TargetFirstShare { get; init; } = 0.3;

    public PerturbationOptions Perturbation { get; init; } = new();
}
