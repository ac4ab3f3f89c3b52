using System.Text.Json.Nodes;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Inference;

/// <summary>The registry with --device cuda, on sessions that only say they are on a GPU.</summary>
public sealed class AcceleratedRegistryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("autobid-accelerated-").FullName;
    private readonly CountingMeter _meter = new();
    private readonly ManualClock _clock = new();
    private readonly List<(Accelerator? Accelerator, CpuAsGpu Session)> _opened = [];
    private readonly List<ModelRefusedException> _refused = [];
    private Func<int, bool> _hasRoom = _ => true;

    public void Dispose()
    {
        _meter.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void A_model_gets_its_slots_on_each_device_and_one_behind_them_on_the_cpu()
    {
        Install("1");
        using ModelRegistry registry = Loaded(new ModelRegistryOptions { Device = "cuda", Accelerators = [0, 0] });
        Assert.Single(registry.Live);
        Assert.Equal([0, 0, 1, 1, -1], _opened.Select(o => o.Accelerator?.Index ?? -1));
        // Parity ran in every bucket of an accelerator: each is a graph of its own.
        Assert.All(_opened[..4], o => Assert.Equal(o.Session.Batches.ToArray(), o.Session.Runs.Distinct().Order()));
        Assert.True(Call.One(registry.Live[0].Policy, new Days().Input(prior: Days.Prior())).IsDecided);
    }

    [Fact]
    public void When_every_device_is_lost_the_cpu_answers_the_same()
    {
        Install("1");
        using ModelRegistry registry = Loaded(new ModelRegistryOptions { Device = "cuda", Accelerators = [0, 0] });
        IBidPolicy policy = registry.Live[0].Policy;
        PolicyInput input = new Days().Input(d => d.Steps(6, 0.8), Days.Prior());
        double before = Call.One(policy, input).Multiplier;
        foreach (Accelerator accelerator in registry.Accelerators) accelerator.Lose("gone");
        int runs = _opened[..4].Sum(o => o.Session.Runs.Count);
        Assert.Equal(before, Call.One(policy, input).Multiplier, 1e-5);
        Assert.Equal(runs, _opened[..4].Sum(o => o.Session.Runs.Count));
        Assert.NotEmpty(_opened[4].Session.Runs);
    }

    [Fact]
    public void A_version_without_room_beside_the_one_that_serves_is_refused_and_gives_back_what_it_took()
    {
        Install("1");
        _hasRoom = count => count <= 4;
        using ModelRegistry registry = Loaded(new ModelRegistryOptions { Device = "cuda" });
        Install("2");
        registry.Reload();
        Assert.Equal("1", Assert.Single(registry.Live).Version);
        Assert.Equal(RefusalReason.Memory, Assert.Single(_refused).Reason);
        Assert.Contains("no room for it on the device", _refused[0].Message, StringComparison.Ordinal);
        BatcherWorld.Until(() => _opened.Skip(3).All(o => o.Session.IsDisposed));
        Assert.All(_opened[..3], o => Assert.False(o.Session.IsDisposed));
        Assert.True(Call.One(registry.Live[0].Policy, new Days().Input(prior: Days.Prior())).IsDecided);
    }

    [Fact]
    public void A_reload_answers_those_who_hold_the_old_version_and_then_gives_its_memory_back()
    {
        Install("1");
        using ModelRegistry registry = Loaded(new ModelRegistryOptions { Device = "cuda", SlotsPerDevice = 1, Batcher = new BatcherOptions { StuckAfter = TimeSpan.FromMilliseconds(80) } });
        IBidPolicy old = registry.Live[0].Policy;
        Install("2");
        registry.Reload();
        Assert.Equal("2", Assert.Single(registry.Live).Version);
        Assert.True(Call.One(old, new Days().Input(prior: Days.Prior())).IsDecided);
        Assert.False(_opened[0].Session.IsDisposed);
        // The batcher's own timer looks at this clock.
        _clock.Advance(TimeSpan.FromSeconds(11));
        BatcherWorld.Until(() => _opened[0].Session.IsDisposed && _opened[1].Session.IsDisposed);
        Assert.True(Call.One(registry.Live[0].Policy, new Days().Input(prior: Days.Prior())).IsDecided);
    }

    [Fact]
    public void A_file_may_answer_with_some_outputs_only_but_with_those_it_names()
    {
        string folder = Install("1");
        ModelFiles.Edit(folder, card => card["files"]![0]!["outputs"] = new JsonArray("action", "beta", "value"));
        using (ModelRegistry registry = Loaded(new ModelRegistryOptions())) Assert.Single(registry.Live);
        ModelFiles.Edit(folder, card => card["files"]![0]!["outputs"] = new JsonArray("action"));
        using (ModelRegistry registry = Loaded(new ModelRegistryOptions())) Assert.Empty(registry.Live);
        Assert.Contains("output beta is not on the card", _refused[^1].Message, StringComparison.Ordinal);
        ModelFiles.Edit(folder, card => card["files"]![0]!["outputs"] = new JsonArray("action", "mood"));
        using (ModelRegistry registry = Loaded(new ModelRegistryOptions())) Assert.Equal(RefusalReason.Card, _refused[^1].Reason);
    }

    private string Install(string version) => ModelFiles.Install(_root, "tiny", version);

    private ModelRegistry Loaded(ModelRegistryOptions options)
    {
        var registry = new ModelRegistry(_root, options, _meter.Metrics, _clock, (model, accelerator) =>
        {
            if (!_hasRoom(_opened.Count(o => !o.Session.IsDisposed) + 1)) throw new InferenceException("cudaMalloc failed", InferenceFault.OutOfMemory);
            var session = new CpuAsGpu(OnnxSession.Open(model), accelerator is null ? "cpu" : "cuda");
            _opened.Add((accelerator, session));
            return session;
        });
        registry.Refused += (_, _, error) => _refused.Add(error);
        registry.Reload();
        return registry;
    }

    /// <summary>A real session under another name.</summary>
    private sealed class CpuAsGpu(OnnxSession session, string provider) : IInferenceSession
    {
        public string Provider => provider;

        public IReadOnlyList<SessionTensor> Inputs => session.Inputs;

        public IReadOnlyList<SessionTensor> Outputs => session.Outputs;

        public ReadOnlySpan<int> Batches => session.Batches;

        public List<int> Runs { get; } = [];

        public bool IsDisposed { get; private set; }

        public Span<float> Floats(int input) => session.Floats(input);

        public Span<long> Longs(int input) => session.Longs(input);

        public ReadOnlySpan<float> Output(int output) => session.Output(output);

        public void Run(int rows)
        {
            Runs.Add(rows);
            session.Run(rows);
        }

        public void Dispose()
        {
            IsDisposed = true;
            session.Dispose();
        }
    }
}
