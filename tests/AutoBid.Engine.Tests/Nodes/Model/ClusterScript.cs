using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Nodes.Model;

/// <summary>A history of several nodes, as it is generated, shrunk and shown.</summary>
/// <param name="HasLongHolds">False: holds of 5 minutes, so that some are given up before their bills come; true: of hours.</param>
internal sealed record ClusterScript(bool HasLongHolds, ClusterCommand[] Commands)
{
    private const int Campaigns = 4;

    public override string ToString() => $"{(HasLongHolds ? "long" : "short")} holds\n  " + string.Join("\n  ", Commands.Select(command => command.ToString()));

    public static Arbitrary<ClusterScript> Arbitrary(int longest)
    {
        Gen<ClusterScript> script = from holds in Flip from length in Gen.Choose(8, longest) from commands in One.ArrayOf(length) select new ClusterScript(holds, commands);
        return Arb.From(script, Shrink);
    }

    private static Gen<int> Node => Gen.Choose(0, 2);

    private static Gen<int> Campaign => Gen.Choose(0, Campaigns - 1);

    private static Gen<int> Delay => Gen.Frequency((5, Gen.Constant(0)), (2, Gen.Choose(1, 3)));

    private static Gen<int> Any => Gen.Choose(0, 999);

    private static Gen<bool> Flip => Gen.Elements(false, true);

    private static Gen<int> Share => Gen.Frequency((1, Gen.Choose(1, 99)), (4, Gen.Constant(100)), (1, Gen.Choose(101, 400)));

    /// <summary>A commit's pause, a tick, a lease's life, longer than a slot lives.</summary>
    private static Gen<int> Time => Gen.Frequency((6, Gen.Choose(10, 100)), (4, Gen.Choose(1_000, 6_000)), (3, Gen.Choose(20_000, 70_000)), (1, Gen.Choose(70_000, 400_000)));

    private static Gen<ClusterCommand> One => Gen.Frequency(
        (12, from n in Node from c in Campaign from count in Gen.Choose(1, 6) from price in Gen.Choose(1000, 90_000) select (ClusterCommand)new ClusterCommand.Bids(n, c, count, price)),
        (2, from n in Node from c in Campaign from count in Gen.Choose(20, 40) select (ClusterCommand)new ClusterCommand.Bids(n, c, count, 40_000)),
        (12, from b in Any from share in Share from delay in Delay select (ClusterCommand)new ClusterCommand.Bill(b, share, delay)),
        (4, from b in Any from delay in Delay select (ClusterCommand)new ClusterCommand.Lose(b, delay)),
        (4, from e in Any from other in Flip select (ClusterCommand)new ClusterCommand.Repeat(e, other)),
        (1, from c in Campaign from n in Gen.Choose(1, 100_000) from delay in Delay select (ClusterCommand)new ClusterCommand.ForeignBill(c, n, delay)),
        (1, from b in Any select (ClusterCommand)new ClusterCommand.WrongCampaign(b)),
        (1, from c in Campaign from n in Gen.Choose(1, 50_000) select (ClusterCommand)new ClusterCommand.UnknownLease(c, n)),
        (3, from c in Campaign
            from id in Gen.Choose(0, 5)
            from revision in Gen.Choose(1, 3)
            from kind in Gen.Choose(0, 2)
            from value in Gen.Choose(0, 50)
            from delay in Delay
            select (ClusterCommand)new ClusterCommand.Convert(c, id, revision, kind, value, delay)),
        (2, from c in Campaign from percent in Gen.Choose(10, 300) select (ClusterCommand)new ClusterCommand.DailyBudget(c, percent)),
        (1, from percent in Gen.Choose(10, 300) select (ClusterCommand)new ClusterCommand.AccountBudget(percent)),
        (1, from c in Campaign select (ClusterCommand)new ClusterCommand.Pause(c)),
        (2, from c in Campaign select (ClusterCommand)new ClusterCommand.Resume(c)),
        (8, from order in Any select (ClusterCommand)new ClusterCommand.Deliver(order)),
        (20, from n in Node from rounds in Gen.Choose(1, 4) select (ClusterCommand)new ClusterCommand.Turn(n, rounds)),
        (10, from time in Time select (ClusterCommand)new ClusterCommand.Pass(time)),
        (4, from deal in Any from unheard in Gen.Choose(-1, 2) select (ClusterCommand)new ClusterCommand.Rebalance(deal, unheard)),
        (3, from n in Node from write in Gen.Choose(1, 8) from after in Flip select (ClusterCommand)new ClusterCommand.Crash(n, write, after)),
        (3, from n in Node from call in Gen.Choose(1, 5) from after in Flip select (ClusterCommand)new ClusterCommand.StoreFault(n, call, after)),
        (1, from n in Node from down in Flip select (ClusterCommand)new ClusterCommand.Log(n, down)),
        (1, from lost in Flip select (ClusterCommand)new ClusterCommand.Outcomes(lost)));

    private static IEnumerable<ClusterScript> Shrink(ClusterScript script)
    {
        ClusterCommand[] all = script.Commands;
        for (int width = all.Length / 2; width >= 1; width /= 2)
            for (int start = 0; start + width <= all.Length; start += width)
                yield return script with { Commands = [.. all[..start], .. all[(start + width)..]] };
        for (int i = 0; i < all.Length; i++)
            if (Simpler(all[i]) is { } simpler)
                yield return script with { Commands = [.. all[..i], simpler, .. all[(i + 1)..]] };
    }

    private static ClusterCommand? Simpler(ClusterCommand command) => command switch
    {
        ClusterCommand.Bids { Count: > 1 } one => one with { Count = 1 },
        ClusterCommand.Bill { Delay: > 0 } one => one with { Delay = 0 },
        ClusterCommand.Bill { Percent: not 100 } one => one with { Percent = 100 },
        ClusterCommand.Lose { Delay: > 0 } one => one with { Delay = 0 },
        ClusterCommand.ForeignBill { Delay: > 0 } one => one with { Delay = 0 },
        ClusterCommand.Turn { Rounds: > 1 } one => one with { Rounds = 1 },
        _ => null,
    };
}
