using System.Globalization;
using System.Runtime.InteropServices;
using AutoBid.Policies.Models;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AutoBid.Policies.Inference.Cuda;

/// <summary>
/// A graph on one GPU with everything that a run needs made beforehand: a stream, pinned staging, device buffers of the largest bucket, and for each
/// bucket a captured CUDA graph over a prefix of those buffers. A run is: copy in, replay, copy out, wait; after it the buffers are free.
/// Every member but <see cref="Dispose"/> belongs to the thread that opened it: ONNX Runtime keeps captured graphs per thread.
/// </summary>
public sealed class CudaSession : IInferenceSession
{
    public static readonly int[] DefaultBuckets = [1, 8, 32, 128, 512, 1024, 2048, 4096, 8192];

    /// <summary>Buckets up to this many rows are read and written where they lie, in pinned memory: a copy's own latency is more than theirs.</summary>
    private const int InPlaceRows = 8;

    private static readonly Lock Opening = new();

    private readonly InferenceSession _session;
    private readonly nint _stream;
    private readonly int _device;
    private readonly int[] _buckets;
    private readonly Buffer[] _inputs, _outputs;
    private readonly OrtIoBinding[] _bindings;
    private readonly RunOptions[] _runs;
    private readonly List<IDisposable> _bound = [];
    private readonly long[] _memory;

    private CudaSession(InferenceSession session, nint stream, int device, int[] buckets)
    {
        _session = session;
        _stream = stream;
        _device = device;
        _buckets = buckets;
        Inputs = [.. session.InputNames.Select(name => OnnxSession.Tensor(name, session.InputMetadata[name]))];
        Outputs = [.. session.OutputNames.Select(name => OnnxSession.Tensor(name, session.OutputMetadata[name]))];
        if (Inputs[0].Shape[0] > 0) throw new NotSupportedException("a graph with a fixed batch cannot be served in buckets");
        _inputs = new Buffer[Inputs.Count];
        _outputs = new Buffer[Outputs.Count];
        _bindings = new OrtIoBinding[buckets.Length];
        _runs = new RunOptions[buckets.Length];
        _memory = new long[buckets.Length];
    }

    public string Provider => "cuda";

    public IReadOnlyList<SessionTensor> Inputs { get; }

    public IReadOnlyList<SessionTensor> Outputs { get; }

    public ReadOnlySpan<int> Batches => _buckets;

    /// <inheritdoc/>
    /// <remarks>Warmed from the largest down: smaller buckets live in what it left.</remarks>
    public IReadOnlyList<long> MemoryBytes => _memory;

    /// <summary>Opens the graph and captures every bucket; warm when it returns.</summary>
    /// <param name="device">Ordinal of the GPU.</param>
    /// <param name="buckets">Ascending row counts; null: <see cref="DefaultBuckets"/>.</param>
    /// <exception cref="InferenceException">No GPU, or no room on it.</exception>
    /// <exception cref="OnnxRuntimeException">The graph or the provider cannot be used.</exception>
    public static CudaSession Open(byte[] model, int device = 0, int[]? buckets = null)
    {
        // A capture forbids allocations to every thread of the process, and opening allocates: one at a time.
        lock (Opening) return OpenAlone(model, device, buckets ?? DefaultBuckets);
    }

    private static CudaSession OpenAlone(byte[] model, int device, int[] buckets)
    {
        int devices = CudaRuntime.Devices();
        if (device >= devices) throw new InferenceException(string.Create(CultureInfo.InvariantCulture, $"there is no GPU {device}: {devices} found"), InferenceFault.Model);
        CudaRuntime.Use(device);
        nint stream = CudaRuntime.CreateStream();
        CudaSession? opened = null;
        InferenceSession? session = null;
        try
        {
            session = new InferenceSession(model, OptionsOf(device, stream));
            opened = new CudaSession(session, stream, device, buckets);
            opened.Prepare();
            CudaRuntime.LeaveCapturesAlone();
            return opened;
        }
        catch (Exception error)
        {
            InferenceFault fault = error is InferenceException known ? known.Fault : CudaRuntime.Classify(error.Message, stream);
            if (opened is not null) opened.Dispose();
            else session?.Dispose();
            if (opened is null) CudaRuntime.Destroy(stream);
            if (error is InferenceException || fault == InferenceFault.Model) throw;
            throw new InferenceException(error.Message, fault, error);
        }
    }

    public unsafe Span<float> Floats(int input) => new((void*)_inputs[input].Pinned, _buckets[^1] * Inputs[input].RowLength);

    public unsafe Span<long> Longs(int input) => new((void*)_inputs[input].Pinned, _buckets[^1] * Inputs[input].RowLength);

    public unsafe ReadOnlySpan<float> Output(int output) => new((void*)_outputs[output].Pinned, _buckets[^1] * Outputs[output].RowLength);

    public object? Pin(object owner, nint address, long bytes) => HostPin.TryMake(owner, address, bytes);

    public void Run(int rows) => Run([new RowSource(rows, null)], rows);

    public void Run(ReadOnlySpan<RowSource> sources, int rows)
    {
        int index = Array.IndexOf(_buckets, rows);
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(rows));
        bool copies = rows > InPlaceRows;
        foreach (RowSource source in sources)
        {
            if (!copies && source.Pinned is not null) throw new ArgumentException($"buckets of up to {InPlaceRows} rows read the session's own buffers", nameof(sources));
        }

        try
        {
            int filled = 0;
            foreach (RowSource source in sources)
            {
                for (int i = 0; copies && i < _inputs.Length; i++) CopyIn(_inputs[i], filled, source.Rows, source.Pinned?.Addresses[i] ?? 0);
                filled += source.Rows;
            }

            foreach (Buffer buffer in _inputs) Clear(buffer, filled, rows - filled, copies);
            _session.RunWithBinding(_runs[index], _bindings[index]);
            if (copies) foreach (Buffer buffer in _outputs) CudaRuntime.Copy(buffer.Pinned, buffer.Device, rows * buffer.RowBytes, _stream);
            CudaRuntime.Wait(_stream);
        }
        catch (Exception error) when (error is not InferenceException)
        {
            throw new InferenceException(error.Message, CudaRuntime.Classify(error.Message, _stream), error);
        }
    }

    public void Dispose()
    {
        foreach (OrtIoBinding? binding in _bindings) binding?.Dispose();
        foreach (IDisposable value in _bound) value.Dispose();
        foreach (RunOptions? run in _runs) run?.Dispose();
        _session.Dispose();
        foreach (Buffer buffer in _inputs.Concat(_outputs))
        {
            if (buffer.Device != 0) CudaRuntime.FreeDevice(buffer.Device);
            if (buffer.Pinned != 0) CudaRuntime.FreePinned(buffer.Pinned);
        }

        CudaRuntime.Destroy(_stream);
    }

    private static SessionOptions OptionsOf(int device, nint stream)
    {
        var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
        using var cuda = new OrtCUDAProviderOptions();
        cuda.UpdateOptions(new Dictionary<string, string>
        {
            ["device_id"] = device.ToString(CultureInfo.InvariantCulture),
            ["has_user_compute_stream"] = "1",
            ["user_compute_stream"] = stream.ToString(CultureInfo.InvariantCulture),
            ["enable_cuda_graph"] = "1",
            // Doubling its memory at need would take room that another version of the model may want.
            ["arena_extend_strategy"] = "kSameAsRequested",
        });
        options.AppendExecutionProvider_CUDA(cuda);
        return options;
    }

    private void Prepare()
    {
        int capacity = _buckets[^1];
        for (int i = 0; i < _inputs.Length; i++) _inputs[i] = Allocate(Inputs[i], capacity);
        for (int i = 0; i < _outputs.Length; i++) _outputs[i] = Allocate(Outputs[i], capacity);
        for (int index = _buckets.Length - 1; index >= 0; index--)
        {
            long before = CudaRuntime.Memory().Free;
            Bind(index);
            // The first run of a bucket allocates, captures and replays; a second one is a replay alone.
            Run(_buckets[index]);
            Run(_buckets[index]);
            _memory[index] = before - CudaRuntime.Memory().Free;
        }
    }

    /// <param name="from">0: the rows of the same place in the pinned buffer.</param>
    private void CopyIn(in Buffer buffer, int first, int rows, nint from)
    {
        nint offset = (nint)(first * buffer.RowBytes);
        CudaRuntime.Copy(buffer.Device + offset, from == 0 ? buffer.Pinned + offset : from, rows * buffer.RowBytes, _stream);
    }

    private unsafe void Clear(in Buffer buffer, int first, int rows, bool onDevice)
    {
        if (rows <= 0) return;
        nint offset = (nint)(first * buffer.RowBytes);
        if (onDevice) CudaRuntime.Zero(buffer.Device + offset, rows * buffer.RowBytes, _stream);
        else NativeMemory.Clear((void*)(buffer.Pinned + offset), (nuint)(rows * buffer.RowBytes));
    }

    private static Buffer Allocate(SessionTensor tensor, int rows)
    {
        long row = (long)tensor.RowLength * (tensor.Dtype == "int64" ? sizeof(long) : sizeof(float));
        nint device = CudaRuntime.AllocateDevice(row * rows);
        try
        {
            return new Buffer(CudaRuntime.AllocatePinned(row * rows), device, row);
        }
        catch
        {
            CudaRuntime.FreeDevice(device);
            throw;
        }
    }

    private void Bind(int index)
    {
        int rows = _buckets[index];
        OrtIoBinding binding = _bindings[index] = _session.CreateIoBinding();
        for (int i = 0; i < _inputs.Length; i++) binding.BindInput(Inputs[i].Name, Value(Inputs[i], _inputs[i], rows));
        for (int i = 0; i < _outputs.Length; i++) binding.BindOutput(Outputs[i].Name, Value(Outputs[i], _outputs[i], rows));
        RunOptions run = _runs[index] = new RunOptions();
        run.AddRunConfigEntry("gpu_graph_id", (index + 1).ToString(CultureInfo.InvariantCulture));
        // The copy back follows on the same stream; waiting is ours.
        run.AddRunConfigEntry("disable_synchronize_execution_providers", "1");
    }

    private OrtValue Value(SessionTensor tensor, Buffer buffer, int rows)
    {
        var place = new OrtMemoryInfo(OrtMemoryInfo.allocatorCUDA, OrtAllocatorType.DeviceAllocator, _device, OrtMemType.Default);
        _bound.Add(place);
        TensorElementType type = tensor.Dtype == "int64" ? TensorElementType.Int64 : TensorElementType.Float;
        long[] shape = [rows, .. tensor.Shape.Skip(1).Select(n => (long)n)];
        var value = OrtValue.CreateTensorValueWithData(place, type, shape, rows <= InPlaceRows ? buffer.Pinned : buffer.Device, rows * buffer.RowBytes);
        _bound.Add(value);
        return value;
    }

    private readonly record struct Buffer(nint Pinned, nint Device, long RowBytes);
}
