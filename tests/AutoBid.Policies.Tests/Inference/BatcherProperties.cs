using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Policies.Tests.Inference;

/// <summary>Whatever callers do, on how many slots, and whatever fails: every hand-over ends once, rightly, and no slot runs twice at a time.</summary>
public sealed class BatcherProperties
{
    private static readonly Gen<Call> Calls =
        from rows in Gen.Choose(1, 16)
        from bulk in Gen.Elements(true, false)
        from deadline in Gen.Frequency((3, Gen.Constant((int?)null)), (2, Gen.Choose(0, 30).Select(n => (int?)n)))
        select new Call(rows, bulk ? RequestClass.Bulk : RequestClass.Interactive, deadline);

    private static readonly Gen<Scenario> Scenarios =
        from callers in Gen.Choose(1, 4)
        from slots in Gen.Choose(0, 3)
        from capacity in Gen.Choose(16, 64)
        from failing in Gen.Choose(2, 9)
        from pins in Gen.Elements(true, false)
        from loses in Gen.Elements(true, false, false)
        from calls in Calls.ListOf(callers * 8)
        select new Scenario(callers, slots, capacity, failing, pins, loses, [.. calls]);

    [Fact]
    public void Every_request_ends_once_and_rightly()
        => Prop.ForAll(Arb.From(Scenarios), Holds).Check(Checks.Config.WithMaxTest(60));

    private static bool Holds(Scenario scenario)
    {
        using var world = new BatcherWorld(scenario.Slots == 0 ? null : [.. Enumerable.Range(0, scenario.Slots)],
            new BatcherOptions { MaxQueueRows = scenario.Capacity, DirectRows = 5 }, canPin: scenario.Pins);
        int runs = 0;
        foreach (GatedSession session in world.Sessions)
        {
            session.OnRun = () =>
            {
                world.Clock.Advance(TimeSpan.FromMilliseconds(1));
                int run = Interlocked.Increment(ref runs);
                if (run % scenario.Failing != 0) return;
                bool loses = scenario.Loses && session.Provider != "cpu" && run > 3;
                throw new InferenceException("broken", loses ? InferenceFault.DeviceLost : InferenceFault.Model);
            };
        }

        var ended = new InferenceOutcome[scenario.Calls.Length];
        var wrong = new bool[scenario.Calls.Length];
        Thread[] threads = [.. Enumerable.Range(0, scenario.Callers).Select(caller => new Thread(() =>
        {
            for (int i = caller; i < scenario.Calls.Length; i += scenario.Callers)
            {
                Call call = scenario.Calls[i];
                InferenceRequest request = world.Request(100 * i, call.Rows, call.Class, call.DeadlineMs);
                ended[i] = world.Batcher.Run(request);
                if (ended[i] == InferenceOutcome.Answered)
                {
                    for (int row = 0; row < call.Rows; row++) wrong[i] |= request.Output(0)[row] != 100 * i + row + 2000;
                }

                // Returned and rented again at once: a run that still holds the request must not touch what it says then.
                world.Batcher.Return(request);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        bool all = threads.All(thread => thread.Join(TimeSpan.FromSeconds(60)));
        bool lostOnlyWithItsDevices = world.Devices.Any(device => device.IsLost) || !ended.Contains(InferenceOutcome.Lost);
        bool lateOnlyWithADeadline = !ended.Where((outcome, i) => outcome == InferenceOutcome.Late && scenario.Calls[i].DeadlineMs is null).Any();
        return all && !wrong.Contains(true) && lostOnlyWithItsDevices && lateOnlyWithADeadline;
    }

    private sealed record Call(int Rows, RequestClass Class, int? DeadlineMs);

    private sealed record Scenario(int Callers, int Slots, int Capacity, int Failing, bool Pins, bool Loses, Call[] Calls);
}
