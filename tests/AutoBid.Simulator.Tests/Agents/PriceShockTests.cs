using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Tests.Periods;

namespace AutoBid.Simulator.Tests.Agents;

public sealed class PriceShockTests
{
    private static readonly PriceShockOptions Options = new();

    [Fact]
    public void Factors_are_block_constant_within_their_range_and_belong_to_the_period()
    {
        var logs = new List<double>();
        for (int period = 0; period < 300; period++)
        {
            var shock = new PriceShock(3, period, Options);
            int from = 0;
            double product = 1;
            for (int step = 0; step < 48; step++)
            {
                product *= shock.Change(step);
                Assert.Equal(shock.Factor(step), product, 1e-12);
                if (step == 0 || shock.Factor(step) == shock.Factor(step - 1)) continue;
                Assert.InRange(step - from, 4, 12);
                logs.Add(Math.Log(shock.Factor(from)));
                from = step;
            }

            Assert.Equal(shock.Factor(20), new PriceShock(3, period, Options).Factor(20));
        }

        Assert.All(logs, log => Assert.InRange(log, Math.Log(0.7), Math.Log(1.4)));
        Assert.Equal(0.5 * Math.Log(0.7 * 1.4), logs.Average(), 0.02);
        Assert.NotEqual(new PriceShock(3, 0, Options).Factor(0), new PriceShock(4, 0, Options).Factor(0));
    }

    [Fact]
    public void Shocked_seats_bid_the_factor_and_others_as_they_decide()
    {
        LineUp field = SmallMarket.Uniform(new ConstantPolicy(1));
        LineUp shocked = field with { Agents = [.. field.Agents.Select((agent, seat) => seat == 5 ? agent : agent with { Shock = Options })] };
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(shocked, period: 2));
        var shock = new PriceShock(1, 2, Options);
        for (int step = 0; step < 48; step++)
        {
            Assert.Equal(shock.Factor(step), result.Steps(0)[step].Multiplier, 1e-9);
            Assert.Equal(result.Steps(0)[step].Multiplier, result.Steps(47)[step].Multiplier);
            Assert.Equal(1, result.Steps(5)[step].Multiplier);
        }
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new PriceShock(1, 0, Options with { Lowest = 0 }));
        Assert.Throws<ArgumentException>(() => new PriceShock(1, 0, Options with { Highest = 0.5 }));
        Assert.Throws<ArgumentException>(() => new PriceShock(1, 0, Options with { ShortestBlock = 0 }));
        Assert.Throws<ArgumentException>(() => new PriceShock(1, 0, Options with { LongestBlock = 3 }));
    }
}
