using AutoBid.Simulator.Auctions;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Tests.Auctions;

namespace AutoBid.Simulator.Tests.Curves;

public sealed class CurveBuilderTests
{
    private const double Reference = 100;

    public static TheoryData<string> Rules => ["auctionnet", "second", "first", "two-slots"];

    private static AuctionRules Find(string name) => name switch
    {
        "auctionnet" => AuctionRules.AuctionNet,
        "second" => AuctionRules.SecondPrice with { Reserve = 0.05f },
        "first" => AuctionRules.FirstPrice with { Reserve = 0.05f },
        _ => AuctionRules.AuctionNet with { Slots = 2, Reserve = 0.1f },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Response_curves_follow_the_contract_word_by_word(string rules)
    {
        Play(Find(rules), 9, 201, out SlotAuction auction, out _, out float[][] values);
        var builder = new CurveBuilder(LogGrid.Multipliers());
        var curve = new StepCurve(24);
        for (int a = 0; a < 9; a++)
        {
            double minima = builder.Response(auction, a, values[a], Reference, curve);
            Assert.Equal(Enumerable.Range(0, 201).Sum(i => (double)auction.MinimumToWin(i, a)), minima, 1e-6);
            for (int k = 0; k < 24; k++)
            {
                double cost = 0, value = 0;
                for (int i = 0; i < 201; i++)
                {
                    float minimum = auction.MinimumToWin(i, a);
                    if (minimum / (values[a][i] * (float)Reference) > builder.Grid.Points[k]) continue;
                    cost += minimum;
                    value += values[a][i];
                }

                Assert.Equal(cost, curve.Cost[k], 1e-6);
                Assert.Equal(value, curve.Value[k], 1e-8);
            }
        }
    }

    // Plays the auction again for every multiplier with the own bids replaced, everybody else's as they stand, and takes expectations over exposure.
    [Theory]
    [MemberData(nameof(Rules))]
    public void Frozen_curves_equal_auctions_played_again(string rulesName)
    {
        AuctionRules rules = Find(rulesName);
        Play(rules, 7, 150, out SlotAuction auction, out BidMatrix bids, out float[][] values);
        var builder = new CurveBuilder(LogGrid.Multipliers(4));
        var curve = new StepCurve(93);
        float[][] standing = [.. Enumerable.Range(0, 7).Select(a => bids.Row(a).ToArray())];
        for (int a = 0; a < 7; a += 3)
        {
            builder.Frozen(auction, a, values[a], Reference, curve);
            for (int k = 0; k < 93; k += 7)
            {
                float[][] again = [.. standing];
                float multiplier = builder.Grid.Points[k];
                again[a] = [.. values[a].Select(v => multiplier * 1.000001f * (float)Reference * v)];
                SlotAuction played = Scenario.Run(rules, again, values, [.. again.Select(_ => 1e9)], Scenario.Draws, out _);
                double cost = 0, value = 0;
                for (int i = 0; i < 150; i++)
                {
                    for (int slot = 0; slot < rules.Slots; slot++)
                    {
                        if (!played.TryGetSale(i, slot, out int winner, out float price) || winner != a) continue;
                        cost += rules.Exposure[slot] * price;
                        value += rules.Exposure[slot] * values[a][i];
                    }
                }

                Assert.Equal(cost, curve.Cost[k], 1e-4 + 3e-6 * cost);
                Assert.Equal(value, curve.Value[k], 1e-6);
            }

            for (int k = 1; k < 93; k++)
            {
                Assert.True(curve.Cost[k] >= curve.Cost[k - 1] - 1e-9);
                Assert.True(curve.Value[k] >= curve.Value[k - 1] - 1e-9);
            }
        }
    }

    [Fact]
    public void The_own_bid_changes_neither_curve()
    {
        Play(AuctionRules.AuctionNet, 6, 64, out SlotAuction auction, out BidMatrix bids, out float[][] values);
        var response = new CurveBuilder(LogGrid.Multipliers());
        StepCurve before = new(24), after = new(24), frozenBefore = new(24), frozenAfter = new(24);
        response.Response(auction, 2, values[2], Reference, before);
        response.Frozen(auction, 2, values[2], Reference, frozenBefore);
        float[][] changed = [.. Enumerable.Range(0, 6).Select(a => bids.Row(a).ToArray())];
        changed[2] = [.. changed[2].Select((b, i) => i % 2 == 0 ? 0 : b * 3)];
        SlotAuction again = Scenario.Run(AuctionRules.AuctionNet, changed, values, [.. changed.Select(_ => 1e9)], Scenario.Draws, out _);
        response.Response(again, 2, values[2], Reference, after);
        response.Frozen(again, 2, values[2], Reference, frozenAfter);
        Assert.Equal(before.Cost, after.Cost);
        Assert.Equal(before.Value, after.Value);
        Assert.Equal(frozenBefore.Cost, frozenAfter.Cost);
        Assert.Equal(frozenBefore.Value, frozenAfter.Value);
    }

    [Fact]
    public void A_value_of_zero_is_never_won()
    {
        SlotAuction auction = Scenario.Run(AuctionRules.AuctionNet, [[1f, 1f], [2f, 2f], [3f, 3f], [4f, 4f]]);
        var builder = new CurveBuilder(LogGrid.Multipliers());
        var curve = new StepCurve(24);
        builder.Response(auction, 0, [0f, 0.02f], Reference, curve);
        Assert.Equal(0.02, curve.Value[23], 1e-7);
        // Three rivals at 2, 3 and 4: the third slot costs 2.
        Assert.Equal(2, curve.Cost[23], 1e-7);
        builder.Frozen(auction, 0, [0f, 0.02f], Reference, curve);
        // Multipliers 1.11, 1.53 and 4 bid 2.2, 3.06 and 8.
        Assert.Equal(0.48 * 0.02, curve.Value[15], 1e-7);
        Assert.Equal(0.48 * 2, curve.Cost[15], 1e-6);
        Assert.Equal(0.8 * 3, curve.Cost[17], 1e-6);
        Assert.Equal(1 * 4, curve.Cost[23], 1e-6);
    }

    private static void Play(AuctionRules rules, int advertisers, int opportunities, out SlotAuction auction, out BidMatrix bids, out float[][] values)
    {
        values =
        [
            .. Enumerable.Range(0, advertisers).Select(a => Enumerable.Range(0, opportunities)
                .Select(i => Math.Max(0.004f + 0.003f * Scenario.Draws.Stream(a, DrawPurpose.Value).SingleNormal(i), 0)).ToArray()),
        ];
        float[][] copy = values;
        float[][] made = [.. copy.Select((row, a) => row.Select(v => v * (60 + 15 * a)).ToArray())];
        double[] left = [.. made.Select((_, a) => a == 1 ? 2.0 : 1e9)];
        auction = Scenario.Run(rules, made, values, left, Scenario.Draws, out bids);
    }
}
