using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Shifts;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Shifts;

public sealed class ShiftTests
{
    private static readonly PeriodSetup Plain = SmallMarket.Setup(SmallMarket.Uniform(new ConstantPolicy(1)), period: 3);

    [Fact]
    public void Presets_are_found_by_name()
    {
        Assert.Equal("none", Shift.Names[0]);
        Assert.Equal(Shift.Names.Count, Shift.Names.Distinct().Count());
        Assert.All(Shift.Names, name => Assert.Equal(name, Shift.Find(name)!.Name));
        Assert.Null(Shift.Find("None"));
        Assert.Equal([4, 6, 12, 16], Shift.Names.Select(name => Shift.Find(name)!.RegimeSteps).Where(steps => steps > 0));
    }

    [Fact]
    public void No_shift_is_the_same_period()
    {
        PeriodSetup none = Shift.Find("none")!.Apply(Plain, [0]);
        Assert.Equal(Plain.Traffic, none.Traffic);
        Assert.Equal(Plain.LineUp.Agents, none.LineUp.Agents);
        Assert.Null(none.Delay);
    }

    [Fact]
    public void Every_other_preset_changes_the_day_and_is_repeatable()
    {
        var player = new AuctionNetPeriod();
        double[] plain = Costs(player.Play(Plain));
        foreach (string name in Shift.Names.Where(name => name is not ("none" or "late-conversions")))
        {
            PeriodSetup setup = Shift.Find(name)!.Apply(Plain, [0]);
            double[] shifted = Costs(player.Play(setup));
            Assert.NotEqual(plain, shifted);
            Assert.Equal(shifted, Costs(new AuctionNetPeriod().Play(setup)));
        }

        Assert.Equal(new ConversionDelay(0.5, 4), Shift.Find("late-conversions")!.Apply(Plain).Delay);
    }

    [Fact]
    public void Rivals_are_shifted_and_seats_under_test_are_not()
    {
        LineUp richer = Shift.Find("richer-rivals")!.Apply(Plain.LineUp, [0, 7]);
        LineUp shocked = Shift.Find("price-shocks")!.Apply(Plain.LineUp, [0, 7]);
        for (int seat = 0; seat < 48; seat++)
        {
            bool tested = seat is 0 or 7;
            Assert.Equal(Plain.LineUp.Agents[seat].Seat.Budget * (tested ? 1 : 1.1), richer.Agents[seat].Seat.Budget, 1e-9);
            Assert.Equal(tested, shocked.Agents[seat].Shock is null);
        }

        Assert.All(Shift.Find("richer-rivals")!.Apply(Plain.LineUp).Agents, (agent, seat) => Assert.Equal(Plain.LineUp.Agents[seat].Seat.Budget * 1.1, agent.Seat.Budget, 1e-9));
    }

    [Fact]
    public void Targets_move_for_everybody_and_budgets_stay()
    {
        Shift shift = Shift.Find("tighter-targets")!;
        Assert.Equal(new Seat(2900, 80), shift.Apply(new Seat(2900, 100)));
        Assert.All(shift.Apply(Plain.LineUp, [0]).Agents, (agent, seat) => Assert.Equal(Plain.LineUp.Agents[seat].Seat with { TargetCpa = agent.Seat.TargetCpa }, agent.Seat));
        Assert.All(shift.Apply(Plain.LineUp, [0]).Agents, (agent, seat) => Assert.Equal(0.8 * Plain.LineUp.Agents[seat].Seat.TargetCpa, agent.Seat.TargetCpa, 1e-9));
    }

    private static double[] Costs(PeriodResult result) => [.. Enumerable.Range(0, 48).Select(result.Cost)];
}
