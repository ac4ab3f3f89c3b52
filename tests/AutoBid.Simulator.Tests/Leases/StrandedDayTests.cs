using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Leases;

namespace AutoBid.Simulator.Tests.Leases;

/// <summary>
/// A win rate of 5 % without loss notices. In strict, holds take what the bids of one hold's length cost: 1,667 bids of 24,000 that the budget pays for
/// at 5 minutes, 10,000 at 30. In expected they take about the win rate of that.
/// </summary>
public sealed class StrandedDayTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(Reservation.Strict, 5, 0.062, 0.075)]
    [InlineData(Reservation.Strict, 30, 0.30, 0.40)]
    [InlineData(Reservation.Expected, 5, 0.003, 0.005)]
    [InlineData(Reservation.Expected, 30, 0.018, 0.030)]
    public async Task Open_holds_strand_a_bounded_share_of_the_budget(Reservation reservation, int minutes, double least, double most)
    {
        var options = new StrandedDayOptions { Reservation = reservation, Hold = TimeSpan.FromMinutes(minutes) };
        StrandedDayResult day = await StrandedDay.PlayAsync(options, TestContext.Current.CancellationToken);
        output.WriteLine($"{reservation} {minutes} min: {day}");
        Assert.InRange(day.HeldMean, least, most);
        Assert.InRange(day.HeadroomMean, 0, 0.02);
        // Bids are refused when the budget is held or spent, not before.
        Assert.InRange(day.RefusedInFirstHalf, 0, 0.001);
        Assert.InRange(day.Spent - day.Adjusted, 0.5, 1);
        if (reservation == Reservation.Strict) Assert.Equal(0, day.Adjusted);
    }
}
