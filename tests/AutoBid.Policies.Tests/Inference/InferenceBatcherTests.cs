using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using static AutoBid.Policies.Tests.Inference.BatcherWorld;

namespace AutoBid.Policies.Tests.Inference;

public sealed class InferenceBatcherTests
{
    [Fact]
    public void An_idle_slot_on_the_cpu_runs_at_once_on_its_callers_thread()
    {
        using var world = new BatcherWorld();
        var session = world.Session;
        int thread = 0;
        session.OnRun = () => thread = Environment.CurrentManagedThreadId;
        InferenceRequest request = world.Request(7, rows: 3);
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(request));
        IsRight(request, 7);
        Assert.Equal(Environment.CurrentManagedThreadId, thread);
        Assert.Equal(4, Assert.Single(session.Runs).Bucket);
    }

    [Fact]
    public void Requests_gather_while_a_run_is_in_flight_and_go_together()
    {
        using var world = new BatcherWorld();
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        InferenceRequest[] waiting = [.. Enumerable.Range(0, 5).Select(i => world.Request(10 * (i + 1)))];
        Task<InferenceOutcome>[] calls = [.. waiting.Select(world.Start)];
        Assert.Equal(5, world.Batcher.QueuedRows);
        world.Session.LetGo();
        Assert.Equal(InferenceOutcome.Answered, End(first));
        Assert.All(calls, call => Assert.Equal(InferenceOutcome.Answered, End(call)));
        for (int i = 0; i < 5; i++) IsRight(waiting[i], 10 * (i + 1));
        // The CPU has measured its smallest bucket only and takes a step at a time: nobody may be held longer than the chunk limit.
        Assert.Equal([1, 4, 1], world.Session.Runs.Select(run => run.Bucket));
    }

    [Fact]
    public void An_accelerator_takes_all_that_fits_its_largest_bucket_in_order_of_arrival()
    {
        using var world = new BatcherWorld(devices: [0], batches: [1, 8]);
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        int[] rows = [3, 4, 2, 1];
        Task<InferenceOutcome>[] calls = [.. rows.Select((n, i) => world.Start(world.Request(100 * (i + 1), n)))];
        world.Session.LetGo();
        End(first);
        Assert.All(calls, call => Assert.Equal(InferenceOutcome.Answered, End(call)));
        // 3 + 4 fit, 2 more do not, and the 1 behind it does not overtake. Once measured, a bucket is chosen by what fits.
        Assert.Equal([1f, 100, 200, 300, 400], world.Session.Runs.SelectMany(run => run.First).Where(x => x % 100 == 0 && x > 0 || x == 1));
        Assert.Equal([100f, 101, 102, 200, 201, 202, 203, 0], world.Session.Runs[1].First);
    }

    [Fact]
    public void A_large_request_is_read_where_it_lies_beside_small_ones_that_are_copied()
    {
        using var world = new BatcherWorld(devices: [0], new BatcherOptions { DirectRows = 6 }, batches: [1, 16], canPin: true);
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        InferenceRequest[] waiting = [world.Request(100, 2), world.Request(200, 1), world.Request(300, 6), world.Request(400, 3)];
        Task<InferenceOutcome>[] calls = [.. waiting.Select(world.Start)];
        world.Session.LetGo();
        End(first);
        Assert.All(calls, call => Assert.Equal(InferenceOutcome.Answered, End(call)));
        for (int i = 0; i < waiting.Length; i++) IsRight(waiting[i], 100 * (i + 1));
        Assert.Equal([6], world.Session.DirectRuns);
        Assert.Equal([100f, 101, 200, 300, 301, 302, 303, 304, 305, 400, 401, 402, 0, 0, 0, 0], world.Session.Runs[1].First);

        // One that grows is pinned anew.
        world.Batcher.Return(waiting[2]);
        InferenceRequest grown = world.Request(500, 12);
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(grown));
        IsRight(grown, 500);
        Assert.Equal([6, 12], world.Session.DirectRuns);
    }

    [Fact]
    public async Task Whoever_ends_the_process_can_wait_until_every_session_is_closed()
    {
        using var world = new BatcherWorld(devices: [0, 1], new BatcherOptions { StuckAfter = TimeSpan.FromSeconds(60) });
        // Either may take the first.
        foreach (GatedSession session in world.Sessions) session.Hold();
        Task<InferenceOutcome> call = world.Start(world.Request(1));
        Task<InferenceOutcome> other = world.Start(world.Request(2));
        Until(() => world.Sessions.All(session => session.IsInside));
        world.Batcher.Dispose();
        Assert.DoesNotContain(world.Sessions, session => session.IsDisposed);
        var closed = Task.Run(world.Batcher.WaitUntilClosed, TestContext.Current.CancellationToken);
        world.Sessions[1].LetGo();
        Until(() => world.Sessions[1].IsDisposed);
        Assert.False(closed.IsCompleted);
        world.Sessions[0].LetGo();
        End(call);
        End(other);
        await closed;
        Assert.All(world.Sessions, session => Assert.True(session.IsDisposed));
    }

    [Fact]
    public void Nobody_waits_for_a_device_that_is_lost()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.Hold();
        Task<InferenceOutcome> call = world.Start(world.Request(1));
        world.Devices[0].Lose("told to");
        Assert.Equal(InferenceOutcome.Lost, End(call));
        world.Batcher.Dispose();
        world.Batcher.WaitUntilClosed();
        Assert.False(world.Session.IsDisposed);
    }

    [Fact]
    public void Where_nothing_can_be_pinned_large_requests_are_copied_too()
    {
        using var world = new BatcherWorld(devices: [0], new BatcherOptions { DirectRows = 6 }, batches: [1, 16]);
        InferenceRequest request = world.Request(300, 9);
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(request));
        IsRight(request, 300);
        Assert.Empty(world.Session.DirectRuns);
    }

    [Fact]
    public void Interactive_goes_before_bulk_and_shares_no_run_with_it()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1, kind: RequestClass.Bulk));
        Task<InferenceOutcome>[] calls =
        [
            world.Start(world.Request(100, 2, RequestClass.Bulk)), world.Start(world.Request(200)), world.Start(world.Request(300, 1, RequestClass.Bulk)), world.Start(world.Request(400)),
        ];
        world.Session.LetGo();
        End(first);
        foreach (Task<InferenceOutcome> call in calls) End(call);
        Assert.Equal([200f, 400], world.Session.Runs[1].First[..2]);
        Assert.Equal([100f, 101, 300], world.Session.Runs[2].First[..3]);
    }

    [Fact]
    public void A_request_for_a_bucket_of_its_own_runs_alone_in_it()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        InferenceRequest alone = world.Request(200);
        alone.Bucket = 16;
        Task<InferenceOutcome>[] calls = [world.Start(world.Request(100)), world.Start(alone), world.Start(world.Request(300))];
        world.Session.LetGo();
        End(first);
        foreach (Task<InferenceOutcome> call in calls) Assert.Equal(InferenceOutcome.Answered, End(call));
        Assert.Equal([1, 1, 16, 1], world.Session.Runs.Select(run => run.Bucket));
    }

    [Fact]
    public void What_is_late_in_the_queue_is_never_run()
    {
        using var world = new BatcherWorld();
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        Task<InferenceOutcome> late = world.Start(world.Request(100, deadlineMs: 5));
        Task<InferenceOutcome> patient = world.Start(world.Request(200, deadlineMs: 5000));
        world.Clock.Advance(TimeSpan.FromMilliseconds(6));
        // Its caller goes while the run is still in flight.
        Assert.Equal(InferenceOutcome.Late, End(late));
        Assert.True(world.Session.IsInside);
        world.Session.LetGo();
        Assert.Equal(InferenceOutcome.Answered, End(patient));
        Assert.Equal(InferenceOutcome.Answered, End(first));
        Assert.DoesNotContain(world.Session.Runs, run => run.First.Contains(100));
        Assert.Equal(1, world.Meter["autobid_inference_missed_total m queue"]);
    }

    [Fact]
    public void A_caller_leaves_a_run_at_its_deadline_and_the_run_leaves_its_next_request_alone()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.Hold();
        InferenceRequest request = world.Request(100, deadlineMs: 5);
        Task<InferenceOutcome> call = world.Start(request);
        Until(() => world.Session.IsInside);
        world.Clock.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Equal(InferenceOutcome.Late, End(call));
        Assert.Equal(1, world.Meter["autobid_inference_missed_total m run"]);

        // The same request is handed over again, with other rows, while the old run still has it.
        (request.Floats(0)[0], request.Deadline) = (500, long.MaxValue);
        Task<InferenceOutcome> again = world.Start(request);
        world.Session.LetGo();
        Assert.Equal(InferenceOutcome.Answered, End(again));
        IsRight(request, 500);
    }

    [Fact]
    public void A_full_queue_refuses_at_once_and_forgets_those_who_left()
    {
        using var world = new BatcherWorld(options: new BatcherOptions { MaxQueueRows = 4 });
        world.Session.Hold();
        Task<InferenceOutcome> first = world.Start(world.Request(1));
        Task<InferenceOutcome> waiting = world.Start(world.Request(100, 3, deadlineMs: 5));
        Assert.Equal(InferenceOutcome.QueueFull, world.Batcher.Run(world.Request(200, 2)));
        Assert.Equal(1, world.Meter["autobid_inference_missed_total m queue-full"]);
        world.Clock.Advance(TimeSpan.FromMilliseconds(6));
        Assert.Equal(InferenceOutcome.Late, End(waiting));
        // Nobody waits for those three rows any more.
        Task<InferenceOutcome> next = world.Start(world.Request(300, 2));
        world.Session.LetGo();
        Assert.Equal(InferenceOutcome.Answered, End(next));
        End(first);
    }

    [Fact]
    public void Rows_that_a_bucket_has_over_are_zero()
    {
        using var world = new BatcherWorld();
        foreach (int rows in (int[])[16, 4, 16]) world.Batcher.Run(world.Request(100, rows));
        world.Batcher.Run(world.Request(7, 2));
        Assert.Equal([7f, 8, 0, 0], world.Session.Runs[^1].First);
    }

    [Fact]
    public void Two_slots_run_at_the_same_time_each_on_its_own_thread_from_first_to_last()
    {
        var world = new BatcherWorld(devices: [0, 0]);
        foreach (GatedSession session in world.Sessions) session.Hold();
        Task<InferenceOutcome>[] calls = [world.Start(world.Request(100)), world.Start(world.Request(200))];
        Until(() => world.Sessions.All(session => session.IsInside));
        world.Dispose();
        Assert.All(calls, call => Assert.Equal(InferenceOutcome.Answered, call.Result));
        Until(() => world.Sessions.All(session => session.IsDisposed));
        Assert.All(world.Sessions, session => Assert.Equal(1, session.Threads));
    }

    [Fact]
    public void A_failed_run_fails_its_requests_and_the_next_one_runs()
    {
        using var world = new BatcherWorld();
        world.Session.OnRun = () => throw new InvalidOperationException("odd input");
        InferenceRequest request = world.Request(1);
        Assert.Equal(InferenceOutcome.Failed, world.Batcher.Run(request));
        Assert.Equal("odd input", request.Error!.Message);
        Assert.Equal(1, world.Meter["autobid_inference_failed_total m model"]);
        world.Session.OnRun = null;
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(world.Request(2)));
    }

    [Fact]
    public void A_slot_that_cannot_be_opened_closes_those_before_it()
    {
        var opened = new List<GatedSession>();
        var device = new Accelerator(0, 0);
        using var meter = new Testing.CountingMeter();
        var error = Assert.Throws<InferenceException>(() => InferenceBatcher.Open("m", [device, device], _ =>
        {
            if (opened.Count == 1) throw new InferenceException("no room", InferenceFault.OutOfMemory);
            opened.Add(new GatedSession("cuda"));
            return opened[^1];
        }, null, new BatcherOptions(), new Testing.ManualClock(), meter.Metrics.Inference));
        Assert.Equal(InferenceFault.OutOfMemory, error.Fault);
        Until(() => opened[0].IsDisposed);
    }

    [Fact]
    public void A_retired_batcher_answers_those_who_still_hold_it_and_closes_when_they_are_long_gone()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Batcher.Retire();
        world.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(world.Request(1)));
        world.Clock.Advance(TimeSpan.FromSeconds(9));
        world.Batcher.CheckRuns();
        Assert.True(world.Batcher.IsAlive);
        world.Clock.Advance(TimeSpan.FromSeconds(2));
        // The slot may still be on its way out of the run that has answered; the timer would look again too.
        Until(() =>
        {
            world.Batcher.CheckRuns();
            return !world.Batcher.IsAlive;
        });
        Until(() => world.Session.IsDisposed);
        Assert.Equal(InferenceOutcome.Lost, world.Batcher.Run(world.Request(2)));
    }
}
