using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Engine.Tests.Model;

/// <summary>A history of commands, as it is generated, shrunk and shown.</summary>
internal sealed record Script(Command[] Commands)
{
    private const int Campaigns = 3;

    public override string ToString() => "\n  " + string.Join("\n  ", Commands.Select(command => command.ToString()));

    public static Arbitrary<Script> Arbitrary(int longest)
    {
        Gen<Script> script = from length in Gen.Choose(4, longest) from commands in One.ArrayOf(length) select new Script(commands);
        return Arb.From(script, Shrink);
    }

    private static Gen<int> Campaign => Gen.Choose(0, Campaigns - 1);

    private static Gen<int> Delay => Gen.Frequency((5, Gen.Constant(0)), (2, Gen.Choose(1, 3)));

    private static Gen<int> Minutes => Gen.Frequency((2, Gen.Choose(1, 29)), (4, Gen.Choose(30, 90)), (1, Gen.Choose(91, 600)));

    private static Gen<int> Any => Gen.Choose(0, 999);

    private static Gen<bool> Flip => Gen.Elements(false, true);

    private static Gen<int> Share => Gen.Frequency((1, Gen.Choose(1, 99)), (3, Gen.Constant(100)), (1, Gen.Choose(101, 1000)));

    private static Gen<Command> One => Gen.Frequency(
        (10, from c in Campaign from n in Gen.Choose(1, 6) from price in Gen.Choose(1000, 90_000) select (Command)new Command.Bids(c, n, price)),
        (1, from c in Campaign from n in Gen.Choose(20, 60) select (Command)new Command.Bids(c, n, 40_000)),
        (12, from b in Any from share in Share from delay in Delay select (Command)new Command.Bill(b, share, delay)),
        (4, from b in Any from delay in Delay select (Command)new Command.Lose(b, delay)),
        (1, from b in Any select (Command)new Command.Win(b)),
        (5, from e in Any from other in Flip select (Command)new Command.Repeat(e, other)),
        (2, from c in Campaign from n in Gen.Choose(1, 200_000) from before in Flip from delay in Delay select (Command)new Command.ForeignBill(c, n, before, delay)),
        (1, from b in Any select (Command)new Command.WrongCampaign(b)),
        (1, from c in Campaign from n in Gen.Choose(1, 50_000) select (Command)new Command.UnknownLease(c, n)),
        (2, from c in Campaign select (Command)new Command.DspLease(c)),
        (3, from l in Any from n in Gen.Choose(1, 60_000) from delay in Delay select (Command)new Command.DspBill(l, n, delay)),
        (2, from c in Campaign from n in Gen.Choose(-120_000, 60_000) from before in Flip select (Command)new Command.Correct(c, n, before)),
        (5, from c in Campaign
            from id in Gen.Choose(0, 5)
            from revision in Gen.Choose(1, 3)
            from kind in Gen.Choose(0, 2)
            from value in Gen.Choose(0, 50)
            from delay in Delay
            select (Command)new Command.Convert(c, id, revision, kind, value, delay)),
        (2, from c in Campaign from percent in Gen.Choose(10, 300) select (Command)new Command.DailyBudget(c, percent)),
        (1, from percent in Gen.Choose(10, 300) select (Command)new Command.FlightBudget(percent)),
        (1, from percent in Gen.Choose(10, 300) select (Command)new Command.AccountBudget(percent)),
        (1, from c in Campaign select (Command)new Command.Pause(c)),
        (2, from c in Campaign select (Command)new Command.Resume(c)),
        (12, from minutes in Minutes from order in Any select (Command)new Command.Advance(minutes, order)),
        (1, from minutes in Gen.Choose(0, 70) select (Command)new Command.NextDay(minutes)),
        (2, Gen.Constant((Command)new Command.Crash())),
        (2, from minutes in Minutes from write in Gen.Choose(1, 12) from after in Flip select (Command)new Command.CrashWhile(minutes, write, after)));

    private static IEnumerable<Script> Shrink(Script script)
    {
        Command[] all = script.Commands;
        for (int width = all.Length / 2; width >= 1; width /= 2)
            for (int start = 0; start + width <= all.Length; start += width)
                yield return new Script([.. all[..start], .. all[(start + width)..]]);
        for (int i = 0; i < all.Length; i++)
            foreach (Command simpler in Simpler(all[i]))
                yield return new Script([.. all[..i], simpler, .. all[(i + 1)..]]);
    }

    private static IEnumerable<Command> Simpler(Command command)
    {
        switch (command)
        {
            case Command.Bids { Count: > 1 } one: yield return one with { Count = 1 }; break;
            case Command.Bill { Delay: > 0 } one: yield return one with { Delay = 0 }; break;
            case Command.Bill { Percent: not 100 } one: yield return one with { Percent = 100 }; break;
            case Command.Lose { Delay: > 0 } one: yield return one with { Delay = 0 }; break;
            case Command.ForeignBill { Delay: > 0 } one: yield return one with { Delay = 0 }; break;
            case Command.ForeignBill { Yesterday: true } one: yield return one with { Yesterday = false }; break;
            case Command.DspBill { Delay: > 0 } one: yield return one with { Delay = 0 }; break;
            case Command.Convert { Delay: > 0 } one: yield return one with { Delay = 0 }; break;
            case Command.CrashWhile one: yield return new Command.Advance(one.Minutes, 0); break;
            case Command.Advance { Minutes: > 30 } one: yield return one with { Minutes = 30 }; break;
            case Command.NextDay { Minutes: > 0 } one: yield return one with { Minutes = 0 }; break;
        }
    }
}
