namespace AutoBid.Simulator.Traffic;

/// <summary>The benchmark's 48 seats (auction.md): six categories of eight, budgets that sum to 150,000.</summary>
public static class AuctionNetSeats
{
    public const int Count = 48;

    public const int PerCategory = 8;

    /// <summary>Sum of the budgets, account currency.</summary>
    public const double BudgetSum = 150_000;

    public static IReadOnlyList<Seat> All => Table;

    private static readonly Seat[] Table =
    [
        new(2900, 100), new(4350, 70), new(3000, 90), new(2400, 110), new(4800, 60), new(2000, 130), new(2050, 120), new(3500, 80),
        new(4600, 70), new(2000, 130), new(2800, 100), new(2350, 110), new(2050, 120), new(2900, 90), new(4750, 60), new(3450, 80),
        new(2000, 130), new(3500, 80), new(2200, 110), new(2700, 100), new(3100, 90), new(2100, 120), new(4850, 60), new(4100, 70),
        new(2000, 120), new(4800, 60), new(3050, 90), new(4250, 70), new(2850, 100), new(2250, 110), new(2000, 130), new(3900, 80),
        new(2000, 120), new(3250, 90), new(4450, 70), new(3550, 80), new(2700, 100), new(2100, 110), new(4650, 60), new(2000, 130),
        new(3400, 90), new(2650, 100), new(2300, 110), new(4100, 80), new(4800, 60), new(4450, 70), new(2000, 130), new(2050, 120),
    ];

    public static int CategoryOf(int advertiser) => advertiser / PerCategory;

    /// <summary>All seats with every budget multiplied, targets unchanged: the benchmark's budget sensitivity (0.5 to 1.5).</summary>
    public static Seat[] Scaled(double budgetFactor) => Array.ConvertAll(Table, seat => seat with { Budget = seat.Budget * budgetFactor });
}
