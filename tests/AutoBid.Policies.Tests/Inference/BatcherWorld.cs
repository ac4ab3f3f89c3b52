using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Inference;

/// <summary>A batcher over gated sessions, and callers on threads of their own.</summary>
internal sealed class BatcherWorld : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly List<Task> _calls = [];

    /// <param name="devices">Logical device of each slot; empty: one slot on the CPU.</param>
    public BatcherWorld(int[]? devices = null, BatcherOptions? options = null, int[]? batches = null, bool canPin = false)
    {
        Devices = [.. (devices ?? []).Distinct().Select(index => new Accelerator(index, 0))];
        Accelerator?[] slots = devices is null ? [null] : [.. devices.Select(index => Devices[index])];
        Batcher = InferenceBatcher.Open("m", slots, accelerator =>
        {
            var session = new GatedSession(accelerator is null ? "cpu" : "cuda", batches, canPin);
            Sessions.Add(session);
            return session;
        }, null, options ?? new BatcherOptions(), Clock, Meter.Metrics.Inference);
    }

    public ManualClock Clock { get; } = new();

    public CountingMeter Meter { get; } = new();

    public Accelerator[] Devices { get; }

    public List<GatedSession> Sessions { get; } = [];

    public GatedSession Session => Sessions[0];

    public InferenceBatcher Batcher { get; }

    public static void Until(Func<bool> holds) => Assert.True(SpinWait.SpinUntil(holds, Long));

    /// <summary>A request whose rows are (number, 2), (number + 1, 2), ...</summary>
    public InferenceRequest Request(int number, int rows = 1, RequestClass kind = RequestClass.Interactive, double? deadlineMs = null)
    {
        InferenceRequest request = Batcher.Rent(rows);
        for (int row = 0; row < rows; row++) (request.Floats(0)[2 * row], request.Floats(0)[2 * row + 1], request.Longs(1)[row]) = (number + row, 2, 0);
        request.Class = kind;
        request.Bucket = 0;
        request.Deadline = deadlineMs is { } ms ? Clock.After(TimeSpan.FromMilliseconds(ms)) : long.MaxValue;
        return request;
    }

    public static void IsRight(InferenceRequest request, int number)
    {
        for (int row = 0; row < request.Rows; row++) Assert.Equal(number + row + 2000, request.Output(0)[row]);
    }

    /// <summary>Calls on another thread, and returns once the request runs, or waits because every session does.</summary>
    public Task<InferenceOutcome> Start(InferenceRequest request)
    {
        Task<InferenceOutcome> call = Task.Factory.StartNew(() => Batcher.Run(request), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        _calls.Add(call);
        Until(() => call.IsCompleted || request.IsRunning || (request.IsWaiting && Sessions.All(session => session.IsInside)));
        return call;
    }

    public static InferenceOutcome End(Task<InferenceOutcome> call)
    {
        Assert.True(call.Wait(Long));
        return call.Result;
    }

    public void Dispose()
    {
        foreach (GatedSession session in Sessions) session.LetGo();
        Batcher.Dispose();
        Assert.True(Task.WaitAll([.. _calls], Long));
        Meter.Dispose();
    }
}
