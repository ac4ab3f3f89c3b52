using System.Runtime.CompilerServices;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Inference.Cuda;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Inference;

/// <summary>On a real GPU, with the shipped model: AUTOBID_TEST_MODELS names a registry, else the repository's is used. Skipped without a GPU.</summary>
public sealed class CudaTests
{
    private static readonly string? Models = Environment.GetEnvironmentVariable("AUTOBID_TEST_MODELS") ?? Repository();

    [Fact]
    public void Every_bucket_holds_parity_and_two_logical_devices_serve_on_one_gpu()
    {
        using var meter = new CountingMeter();
        using ModelRegistry registry = Loaded(meter, new ModelRegistryOptions { Device = "cuda", Accelerators = [0, 0], DeadlineMs = double.MaxValue });
        LiveModel model = Assert.Single(registry.Live, live => live.Name == "gave");
        PolicyInput[] inputs = [.. Enumerable.Range(0, 300).Select(i => new Days().Input(d => d.Steps(i % 40, 0.5 + 0.004 * i), Days.Prior(), id: $"c{i:D3}"))];
        PolicyDecision[] both = Decide(model.Policy, inputs);
        registry.Accelerators[0].Lose("told to");
        PolicyDecision[] one = Decide(model.Policy, inputs);
        registry.Accelerators[1].Lose("told to");
        PolicyDecision[] cpu = Decide(model.Policy, inputs);
        for (int i = 0; i < inputs.Length; i++)
        {
            Assert.True(both[i].IsDecided && one[i].IsDecided && cpu[i].IsDecided);
            Assert.Equal(both[i].Multiplier, one[i].Multiplier, 2e-2);
            Assert.Equal(cpu[i].Multiplier, one[i].Multiplier, 1e-2 * cpu[i].Multiplier + 1e-2);
        }
    }

    [Fact]
    public void A_small_bucket_after_a_full_one_answers_the_same_bits()
    {
        using CudaSession session = Open();
        Fill(session, 1, 0.25f);
        session.Run(1);
        int before = BitConverter.SingleToInt32Bits(session.Output(0)[0]);
        Fill(session, 8192, 0.75f);
        session.Run(8192);
        Assert.NotEqual(before, BitConverter.SingleToInt32Bits(session.Output(0)[0]));
        float last = session.Output(0)[8191];
        Fill(session, 1, 0.25f);
        session.Run(1);
        Assert.Equal(before, BitConverter.SingleToInt32Bits(session.Output(0)[0]));

        // And the other way round: rows of a large bucket do not see what a small one left.
        Fill(session, 8192, 0.75f);
        session.Run(8192);
        Assert.Equal(BitConverter.SingleToInt32Bits(last), BitConverter.SingleToInt32Bits(session.Output(0)[8191]));
    }

    [Fact]
    public void Rows_read_where_they_lie_answer_the_same_bits()
    {
        using CudaSession session = Open();
        const int Own = 30, Large = 600, Bucket = 1024;
        Fill(session, Own + Large, 0.5f);
        RowBuffer[] buffers = [.. session.Inputs.Select((_, i) => Beyond(session, i, Own, Large))];
        session.Run([new RowSource(Own + Large, null)], Bucket);
        float[] copied = session.Output(0)[..(Own + Large)].ToArray();
        Fill(session, Bucket, 0.9f);
        session.Run(Bucket);
        Fill(session, Own, 0.5f);
        PinnedRows? pinned = PinnedRows.TryMake(buffers, session.Pin);
        Assert.NotNull(pinned);
        session.Run([new RowSource(Own, null), new RowSource(Large, pinned)], Bucket);
        Assert.Equal(copied, session.Output(0)[..(Own + Large)].ToArray());
        Assert.Throws<ArgumentException>(() => session.Run([new RowSource(1, pinned)], 1));
    }

    [Fact]
    public void A_reload_on_a_busy_device_fails_no_decision()
    {
        using var meter = new CountingMeter();
        using ModelRegistry registry = Loaded(meter, new ModelRegistryOptions { Device = "cuda", DeadlineMs = double.MaxValue });
        IBidPolicy policy = Assert.Single(registry.Live, live => live.Name == "gave").Policy;
        PolicyInput[] inputs = [.. Enumerable.Range(0, 40).Select(i => new Days().Input(d => d.Steps(i, 0.8), Days.Prior(), id: $"c{i:D2}"))];
        bool stop = false;
        long calls = 0;
        Exception? error = null;
        var caller = new Thread(() =>
        {
            try
            {
                while (!Volatile.Read(ref stop))
                {
                    Assert.All(Decide(policy, inputs), decision => Assert.True(decision.IsDecided));
                    Interlocked.Increment(ref calls);
                }
            }
            catch (Exception e)
            {
                error = e;
            }
        });
        caller.Start();
        BatcherWorld.Until(() => Interlocked.Read(ref calls) > 3);
        LiveModel second = registry.Examine("gave", registry.Live[0].Version);
        long after = Interlocked.Read(ref calls);
        BatcherWorld.Until(() => Interlocked.Read(ref calls) > after + 3 || error is not null);
        Volatile.Write(ref stop, true);
        caller.Join();
        Assert.Null(error);
        Assert.All(Decide(second.Policy, inputs), decision => Assert.True(decision.IsDecided));
        (second.Policy as IDisposable)!.Dispose();
    }

    private static PolicyDecision[] Decide(IBidPolicy policy, PolicyInput[] inputs)
    {
        var decisions = new PolicyDecision[inputs.Length];
        policy.Decide(inputs, decisions, new DecisionScope(TimeProvider.System, TimeProvider.System.GetTimestamp() + 60 * TimeProvider.System.TimestampFrequency, 0));
        return decisions;
    }

    private static ModelRegistry Loaded(CountingMeter meter, ModelRegistryOptions options)
    {
        SkipWithoutGpu();
        var registry = new ModelRegistry(Models!, options, meter.Metrics, TimeProvider.System);
        var refused = new List<string>();
        registry.Refused += (name, version, error) => refused.Add($"{name}/{version}: {error.Message}");
        registry.Reload();
        Assert.True(registry.Live.Any(model => model.Name == "gave"), string.Join("; ", refused));
        return registry;
    }

    private static CudaSession Open()
    {
        SkipWithoutGpu();
        string folder = Directory.GetDirectories(Path.Combine(Models!, "gave")).Order(StringComparer.Ordinal).Last();
        return CudaSession.Open(File.ReadAllBytes(Path.Combine(folder, "model.cuda.onnx")));
    }

    [Fact]
    public void What_is_no_longer_pinned_takes_nothing_else_with_it()
    {
        using CudaSession session = Open();
        const int Large = 600, Bucket = 1024;
        Fill(session, Large, 0.5f);
        PinnedRows kept = PinnedRows.TryMake([.. session.Inputs.Select((_, i) => Beyond(session, i, 0, Large))], session.Pin)!;
        session.Run([new RowSource(Large, kept)], Bucket);
        float[] before = session.Output(0)[..Large].ToArray();
        for (int round = 0; round < 20; round++)
        {
            PinAndForget(session, Large);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            session.Run([new RowSource(Large, kept)], Bucket);
            Assert.Equal(before, session.Output(0)[..Large].ToArray());
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PinAndForget(CudaSession session, int rows)
        => Assert.NotNull(PinnedRows.TryMake([.. session.Inputs.Select((_, i) => Beyond(session, i, 0, rows))], session.Pin));

    /// <summary>A copy of the session's rows from <paramref name="first"/> on, where a device may read it.</summary>
    private static RowBuffer Beyond(CudaSession session, int input, int first, int rows)
    {
        int width = session.Inputs[input].RowLength;
        if (session.Inputs[input].Dtype == "int64") return new RowBuffer<long>(rows * width, forDevice: true);
        var copy = new RowBuffer<float>(rows * width, forDevice: true);
        session.Floats(input).Slice(first * width, rows * width).CopyTo(copy.Rows(rows * width));
        return copy;
    }

    /// <summary>Rows that differ from each other; the last token is real.</summary>
    private static void Fill(CudaSession session, int rows, float level)
    {
        for (int i = 0; i < session.Inputs.Count; i++)
        {
            if (session.Inputs[i].Dtype == "int64") session.Longs(i).Clear();
            else for (int k = 0; k < rows * session.Inputs[i].RowLength; k++) session.Floats(i)[k] = session.Inputs[i].Name == "mask" ? 1 : level * (float)Math.Sin(0.37 * k + i);
        }
    }

    private static void SkipWithoutGpu()
    {
        Assert.SkipUnless(CudaRuntime.Devices() > 0, "no NVIDIA GPU here");
        Assert.SkipUnless(Models is not null, "no model registry: set AUTOBID_TEST_MODELS");
    }

    private static string? Repository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "AutoBid.sln"))) return Path.Combine(folder.FullName, "policies", "models");
        return null;
    }
}
