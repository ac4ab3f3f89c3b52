using AutoBid.Core.Campaigns;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Tests.Periods;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Frozen;

public sealed class FrozenReplayTests
{
    private static readonly LineUp Field = new LineUpFactory(1, null).Opponents(3, SmallMarket.Seats());

    [Fact]
    public void A_candidate_that_decides_as_its_seat_did_gets_what_the_seat_got()
    {
        LineUp rich = Field with { Agents = [.. Field.Agents.Select(a => a with { Seat = a.Seat with { Budget = a.Seat.Budget * 50 } })] };
        var replay = new FrozenReplay([.. rich.Agents.Select((agent, seat) => new FrozenEntry(seat, agent))], new());
        PeriodResult result = new AuctionNetPeriod().Play(SmallMarket.Setup(rich), replay);
        Assert.Equal(0, result.Reruns);
        for (int seat = 0; seat < 48; seat++)
        {
            for (int t = 0; t < 48; t++)
            {
                SeatStep lived = result.Steps(seat)[t], replayed = replay.Steps(seat)[t];
                Assert.Equal(lived.Cost, replayed.Cost, 1e-9);
                Assert.Equal(lived.ValueWon, replayed.ValueWon, 1e-12);
                // Sums of blocks and of single wins differ in the last bit; everything else is equal.
                Assert.Equal(lived with { Cost = 0, ValueWon = 0, LeftBefore = 0 }, replayed with { Cost = 0, ValueWon = 0, LeftBefore = 0 });
            }
        }

        Assert.Equal(result.Cost(7), replay.Outcome(7).Cost, 1e-6);
        Assert.Equal(result.ValueWon(7), replay.Outcome(7).Value, 1e-9);
        Assert.Equal(result.Conversions(7), replay.Outcome(7).Conversions);
    }

    [Theory]
    [InlineData(AuctionPricing.GeneralisedSecondPrice, 3)]
    [InlineData(AuctionPricing.GeneralisedSecondPrice, 1)]
    [InlineData(AuctionPricing.FirstPrice, 1)]
    public void Wins_prices_and_drops_are_those_of_a_naive_replay(AuctionPricing pricing, int slots)
    {
        AuctionRules rules = slots == 3 ? AuctionRules.AuctionNet : pricing == AuctionPricing.FirstPrice ? AuctionRules.FirstPrice : AuctionRules.SecondPrice;
        FrozenEntry[] entries =
        [
            .. from seat in (int[])[0, 47]
               from multiplier in (double[])[0.5, 2.5]
               from budget in (double[])[20, 1e9]
               select new FrozenEntry(seat, new SeatAgent { Seat = new Seat(budget, Field.Agents[seat].Seat.TargetCpa), Policy = new ConstantPolicy(multiplier) }),
        ];
        var replay = new FrozenReplay(entries, guard: null);
        var naive = new NaiveReplay(entries);
        new AuctionNetPeriod(2).Play(SmallMarket.Setup(Field) with { Rules = rules }, replay, naive);
        int dropped = 0;
        for (int entry = 0; entry < entries.Length; entry++)
        {
            for (int t = 0; t < 48; t++)
            {
                SeatStep step = replay.Steps(entry)[t];
                (int wins, int exposures, double cost, double value, int conversions, int drops) = naive.Steps[entry][t];
                Assert.Equal((wins, exposures, conversions, drops), (step.Wins, step.Exposures, step.Conversions, step.Dropped));
                Assert.Equal(cost, step.Cost, 1e-9);
                Assert.Equal(value, step.ValueWon, 1e-12);
                Assert.True(step.Cost <= step.LeftBefore);
                dropped += drops;
            }

            Assert.True(replay.Outcome(entry).Cost <= entries[entry].Agent.Seat.Budget * (1 + 1e-12));
        }

        Assert.True(dropped > 0);
    }

    [Fact]
    public void Neither_threads_nor_other_candidates_change_a_candidate()
    {
        IBidPolicy[] policies = [new MpcPolicy(), new PidPolicy(), new ConstantPolicy(1.3), new TestPolicy(input => 0.5 + 0.02 * input.Trajectory.Closed)];
        FrozenEntry[] many =
        [
            .. from policy in policies
               from seat in Enumerable.Range(0, 48)
               select new FrozenEntry(seat, Field.Agents[seat] with { Policy = policy, FollowsExecuted = false }),
        ];
        var all = new FrozenReplay(many, new());
        PeriodResult two = new AuctionNetPeriod(2).Play(SmallMarket.Setup(Field), all);
        var alone = new FrozenReplay([many[60]], new());
        PeriodResult one = new AuctionNetPeriod().Play(SmallMarket.Setup(Field), alone);
        Assert.Equal(all.Steps(60).ToArray(), alone.Steps(0).ToArray());
        for (int seat = 0; seat < 48; seat++) Assert.Equal(one.Steps(seat).ToArray(), two.Steps(seat).ToArray());
    }

    [Fact]
    public void A_target_of_its_own_has_curves_of_its_own()
    {
        var cost = new Dictionary<double, float>();
        var policy = new TestPolicy(input =>
        {
            if (input.Trajectory.Closed > 0 && input.Trajectory.TryGetCurve(input.Trajectory.Closed - 1, out ReadOnlySpan<Half> curve, out _))
                cost[input.Reference] = cost.GetValueOrDefault(input.Reference) + (float)curve[^1];
            return 1;
        });
        // The same multiplier of half the target is half the bid: it costs less.
        SeatAgent own = Field.Agents[17] with { Policy = policy };
        double target = own.Seat.TargetCpa;
        SeatAgent half = own with { Seat = own.Seat with { TargetCpa = target / 2 } };
        new AuctionNetPeriod().Play(SmallMarket.Setup(Field), new FrozenReplay([new FrozenEntry(17, own), new FrozenEntry(17, half)], new()));
        Assert.True(cost[target / 2] < cost[target], $"{cost[target / 2]} {cost[target]}");
    }

    [Fact]
    public void A_seat_that_does_not_exist_is_refused()
    {
        var replay = new FrozenReplay([new FrozenEntry(48, Field.Agents[0])], new());
        Assert.Contains("seat 48", Assert.Throws<ArgumentException>(() => new AuctionNetPeriod().Play(SmallMarket.Setup(Field), replay)).Message, StringComparison.Ordinal);
    }

    // Written for the test: every opportunity by itself, the others' bids sorted, drops by sorting priorities.
    private sealed class NaiveReplay(FrozenEntry[] entries) : IPeriodObserver
    {
        private readonly double[] _left = [.. entries.Select(entry => entry.Agent.Seat.Budget)];

        public List<(int Wins, int Exposures, double Cost, double Value, int Conversions, int Drops)>[] Steps { get; } = [.. entries.Select(_ => new List<(int, int, double, double, int, int)>())];

        public void OnStarted(PeriodSetup setup)
        {
        }

        public void OnDecided(PeriodStep step)
        {
        }

        public void OnPlayed(PeriodStep step)
        {
            for (int e = 0; e < entries.Length; e++)
            {
                Steps[e].Add(Play(step, entries[e], _left[e]));
                _left[e] -= Steps[e][^1].Cost;
            }
        }

        public void OnFinished(PeriodResult result)
        {
        }

        private static (int, int, double, double, int, int) Play(PeriodStep step, FrozenEntry entry, double left)
        {
            AuctionRules rules = step.Auction.Rules;
            if (left < rules.SmallestBudget) return default;
            SeatAgent agent = entry.Agent;
            // A constant without a guard: ConstantPolicy's own number.
            PolicyInput input = step.Inputs[entry.Seat];
            var decision = new PolicyDecision[1];
            agent.Policy.Decide([input], decision, DecisionScope.Unbounded(TimeProvider.System));
            float bidPerValue = (float)(decision[0].Multiplier * agent.Seat.TargetCpa);
            var wins = new List<(int Opportunity, int Slot, float Price)>();
            for (int i = 0; i < step.Traffic.Opportunities; i++)
            {
                float bid = step.Traffic.Values(entry.Seat)[i] * bidPerValue;
                var ranked = Enumerable.Range(0, step.Bids.Advertisers)
                    .Select(a => (Bid: a == entry.Seat ? bid : step.Bids.Row(a)[i], Advertiser: a))
                    .Where(b => b.Bid > 0).OrderByDescending(b => b.Bid).ThenBy(b => b.Advertiser).ToArray();
                int rank = Array.FindIndex(ranked, b => b.Advertiser == entry.Seat);
                if (rank < 0 || rank >= rules.Slots) continue;
                float price = rules.Pricing == AuctionPricing.FirstPrice ? bid : Math.Max(rank + 1 < ranked.Length ? ranked[rank + 1].Bid : 0, rules.Reserve);
                bool sold = rules.SellsAtReserve ? bid >= rules.Reserve : price > rules.Reserve;
                if (sold) wins.Add((i, rank, price));
            }

            int drops = 0;
            RandomStream priority = new StepDraws(1, 0, step.Step).Stream(entry.Seat, DrawPurpose.DropPriority);
            double Cost() => wins.Where(w => step.Auction.IsExposed(w.Opportunity, w.Slot)).Sum(w => (double)w.Price);
            while (Cost() > left)
            {
                double ratio = Math.Max((Cost() - left) / (Cost() + 1e-4), 0);
                foreach (var slot in wins.GroupBy(w => w.Slot).ToArray())
                {
                    foreach (var win in slot.OrderBy(w => priority.Bits(w.Opportunity)).Take((int)Math.Ceiling(ratio * slot.Count())).ToArray())
                    {
                        wins.Remove(win);
                        drops++;
                    }
                }
            }

            var exposed = wins.Where(w => step.Auction.IsExposed(w.Opportunity, w.Slot)).ToArray();
            ReadOnlySpan<float> values = step.Traffic.Values(entry.Seat);
            double value = 0;
            int conversions = 0;
            foreach (var win in exposed)
            {
                value += values[win.Opportunity];
                if (step.Conversions.Converts(step.Step, entry.Seat, win.Opportunity, values[win.Opportunity])) conversions++;
            }

            return (wins.Count, exposed.Length, Cost(), value, conversions, drops);
        }
    }
}
