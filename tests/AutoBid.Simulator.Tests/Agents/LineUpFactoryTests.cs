using AutoBid.Core.Campaigns;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Agents;

public sealed class LineUpFactoryTests
{
    private readonly LineUpFactory _factory = new(7, prior: null);

    [Fact]
    public void Training_line_ups_permute_the_seats_money()
    {
        var mix = new TrainingMix { BudgetFactors = [0.5] };
        LineUp one = _factory.Training(0, 10, mix), other = _factory.Training(0, 11, mix);
        Assert.Equal(
            AuctionNetSeats.Scaled(0.5).OrderBy(s => s.Budget).ThenBy(s => s.TargetCpa),
            one.Agents.Select(a => a.Seat).OrderBy(s => s.Budget).ThenBy(s => s.TargetCpa));
        Assert.NotEqual(one.Agents.Select(a => a.Seat), other.Agents.Select(a => a.Seat));
        // Who plays where belongs to the line-up, not to the period.
        Assert.Equal(one.Agents.Select(a => a.Policy.Name), other.Agents.Select(a => a.Policy.Name));
        Assert.Equal(one.Agents.Select(a => a.Seat), _factory.Training(0, 10, mix).Agents.Select(a => a.Seat));
        Assert.NotEqual(one.Agents.Select(a => a.Policy.Name), _factory.Training(1, 10, mix).Agents.Select(a => a.Policy.Name));
    }

    [Fact]
    public void Shares_of_modes_and_perturbations_are_kept()
    {
        var mix = new TrainingMix();
        SeatAgent[] agents = [.. Enumerable.Range(0, 40).SelectMany(period => _factory.Training(period % 4, period, mix).Agents)];
        Assert.Equal(0.3, agents.Count(a => a.Mode == PacingMode.TargetFirst) / (double)agents.Length, 0.04);
        Assert.Equal(0.7, agents.Count(a => a.Perturbation is not null) / (double)agents.Length, 0.04);
        Assert.True(agents.Select(a => Math.Round(a.Seat.Budget / AuctionNetSeats.All.First(s => s.TargetCpa == a.Seat.TargetCpa).Budget, 2)).Distinct().Count() > 4);
        Assert.True(agents.Select(a => a.Policy.Name).Distinct().Count() >= 4);
        Assert.All(agents, a => Assert.Equal(a.Policy is PidPolicy, a.FollowsExecuted));
    }

    [Fact]
    public void Replacing_takes_over_the_named_seats_only()
    {
        var test = new ConstantPolicy(1, "under-test");
        LineUp field = _factory.Opponents(3, AuctionNetSeats.All);
        LineUp changed = LineUpFactory.Replace(field, [0, 5], test);
        for (int seat = 0; seat < 48; seat++)
        {
            if (seat is 0 or 5)
            {
                Assert.Same(test, changed.Agents[seat].Policy);
                Assert.Equal(field.Agents[seat].Seat, changed.Agents[seat].Seat);
            }
            else
            {
                Assert.Same(field.Agents[seat], changed.Agents[seat]);
            }
        }
    }
}
