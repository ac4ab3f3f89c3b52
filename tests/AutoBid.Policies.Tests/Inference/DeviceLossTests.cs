using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;
using static AutoBid.Policies.Tests.Inference.BatcherWorld;

namespace AutoBid.Policies.Tests.Inference;

public sealed class DeviceLossTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly CountingMeter _meter = new();
    private readonly Days _days = new();

    public void Dispose() => _meter.Dispose();

    [Fact]
    public void A_run_that_does_not_come_back_loses_the_device_for_good_and_frees_its_callers()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.Hold();
        Task<InferenceOutcome> stuck = world.Start(world.Request(1)), queued = world.Start(world.Request(2));
        Until(() => world.Session.IsInside);
        world.Clock.Advance(TimeSpan.FromSeconds(1.9));
        world.Batcher.CheckRuns();
        Assert.False(world.Devices[0].IsLost);
        world.Clock.Advance(TimeSpan.FromSeconds(0.2));
        world.Batcher.CheckRuns();
        Assert.Contains("did not come back within 2 s", world.Devices[0].LostBecause, StringComparison.Ordinal);
        Assert.Equal(InferenceOutcome.Lost, End(stuck));
        Assert.Equal(InferenceOutcome.Lost, End(queued));

        // Even when the run does come back, nothing goes there any more.
        world.Session.LetGo();
        Until(() => !world.Session.IsInside);
        Assert.False(world.Batcher.IsAlive);
        Assert.Equal(InferenceOutcome.Lost, world.Batcher.Run(world.Request(3)));
        Assert.Single(world.Session.Runs);
        Assert.False(world.Session.IsDisposed);
    }

    [Fact]
    public void A_sticky_error_loses_its_device_and_the_other_device_goes_on()
    {
        using var world = new BatcherWorld(devices: [0, 1]);
        world.Sessions[0].OnRun = () => throw new InferenceException("CUDA error 719", InferenceFault.DeviceLost);
        world.Sessions[1].Hold();
        // One each; which comes first does not matter.
        Task<InferenceOutcome>[] calls = [world.Start(world.Request(1)), world.Start(world.Request(2))];
        Until(() => world.Devices[0].IsLost);
        world.Sessions[1].LetGo();
        Assert.Equal([InferenceOutcome.Answered, InferenceOutcome.Lost], calls.Select(End).Order());
        Assert.False(world.Devices[1].IsLost);
        for (int i = 0; i < 5; i++) Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(world.Request(10 + i)));
        Assert.Single(world.Sessions[0].Runs);
        Assert.Equal(1, world.Meter["autobid_inference_failed_total m device-lost"]);
    }

    [Fact]
    public void Too_little_memory_for_a_run_is_not_a_lost_device()
    {
        using var world = new BatcherWorld(devices: [0]);
        world.Session.OnRun = () => throw new InferenceException("no room", InferenceFault.OutOfMemory);
        InferenceRequest request = world.Request(1);
        Assert.Equal(InferenceOutcome.Failed, world.Batcher.Run(request));
        Assert.Equal(InferenceFault.OutOfMemory, request.Error!.Fault);
        Assert.False(world.Devices[0].IsLost);
        world.Session.OnRun = null;
        Assert.Equal(InferenceOutcome.Answered, world.Batcher.Run(world.Request(2)));
    }

    [Fact]
    public void A_device_lost_by_one_model_is_lost_for_every_model_on_it()
    {
        using var meter = new CountingMeter();
        var device = new Accelerator(0, 0);
        InferenceBatcher Open(string model) => InferenceBatcher.Open(model, [device], _ => new GatedSession("cuda"), null, new BatcherOptions(), _clock, meter.Metrics.Inference);
        using InferenceBatcher one = Open("one"), other = Open("other");
        device.Lose("gone");
        Assert.False(one.IsAlive || other.IsAlive);
        using InferenceBatcher late = Open("late");
        Assert.False(late.IsAlive);
    }

    [Fact]
    public void Losing_the_device_in_the_middle_of_a_call_loses_no_decision()
    {
        var device = new Accelerator(0, 0);
        using var gpu = new FakeSession(provider: "cuda", batches: [1, 2, 4]) { Action = _ => 0.5f };
        using var cpu = new FakeSession { Action = _ => 0.25f };
        gpu.OnRun = () =>
        {
            if (gpu.Runs.Count == 3) throw new InferenceException("CUDA error 700", InferenceFault.DeviceLost);
            _clock.Advance(TimeSpan.FromMilliseconds(9));
        };
        using OnnxDecisionTransformerPolicy policy = Policy(device, gpu, cpu);
        PolicyInput[] inputs = [.. Enumerable.Range(0, 9).Select(i => _days.Input(d => d.Steps(6, 0.8), Days.Prior(), id: "c" + i))];
        var decisions = new PolicyDecision[9];
        policy.Decide(inputs, decisions, new DecisionScope(_clock, _clock.After(TimeSpan.FromSeconds(5)), 0));
        Assert.All(decisions, decision => Assert.True(decision.IsDecided));
        // Two chunks of one from the GPU, the rest, the failed chunk included, from the CPU.
        Assert.Equal([.. Enumerable.Repeat(Math.Exp(0.5), 2), .. Enumerable.Repeat(Math.Exp(0.25), 7)], decisions.Select(d => d.Multiplier), Near);
        Assert.True(device.IsLost);
        gpu.Runs.Clear();
        Assert.Equal(Math.Exp(0.25), Call.One(policy, inputs[0]).Multiplier, 5);
        Assert.Empty(gpu.Runs);
    }

    [Fact]
    public void Without_a_file_for_the_cpu_a_lost_device_is_the_chains_reason()
    {
        var device = new Accelerator(0, 0);
        using var gpu = new FakeSession(provider: "cuda") { OnRun = () => throw new InferenceException("CUDA error 700", InferenceFault.DeviceLost) };
        using OnnxDecisionTransformerPolicy policy = Policy(device, gpu, null);
        for (int i = 0; i < 3; i++)
            Assert.Equal(InferenceFault.DeviceLost, Assert.Throws<InferenceException>(() => Call.One(policy, _days.Input(prior: Days.Prior()))).Fault);
        Assert.Single(gpu.Runs);
    }

    [Fact]
    public void A_lost_device_shows_in_the_gauge()
    {
        var device = new Accelerator(3, 0);
        _meter.Metrics.Inference.Watch([device]);
        Assert.Equal(0, Gauge());
        device.Lose("gone");
        device.Lose("again");
        Assert.Equal(1, Gauge());
        Assert.Equal("gone", device.LostBecause);
    }

    private static bool Near(double a, double b) => Math.Abs(a - b) < 1e-5;

    private OnnxDecisionTransformerPolicy Policy(Accelerator device, FakeSession gpu, FakeSession? cpu)
    {
        InferenceMetrics metrics = _meter.Metrics.Inference;
        InferenceBatcher accelerated = InferenceBatcher.Open("gave", [device], _ => gpu, null, new BatcherOptions(), _clock, metrics);
        InferenceBatcher? behind = cpu is null ? null : InferenceBatcher.Open("gave", [null], _ => cpu, null, new BatcherOptions(), _clock, metrics);
        return new OnnxDecisionTransformerPolicy(Cards.Tiny, new ModelInference(accelerated, behind, _clock, metrics));
    }

    private int Gauge()
    {
        int value = -1;
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (ReferenceEquals(instrument.Meter, _meter.Metrics.Meter) && instrument.Name == "autobid_gpu_lost") l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, measured, tags, _) =>
        {
            Assert.Equal(3, tags[0].Value);
            value = measured;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return value;
    }
}
