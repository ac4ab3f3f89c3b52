using System.Runtime.InteropServices;
using AutoBid.Policies.Inference;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AutoBid.Policies.Models;

/// <summary>
/// ONNX Runtime with one thread and no spinning, so that inference and bidding share a small machine. Inputs and outputs are pinned arrays bound
/// once per batch size: a run allocates nothing on the managed heap.
/// </summary>
public sealed class OnnxSession : IInferenceSession
{
    private static readonly int[] DefaultBatches = [1, 2, 4, 8, 16, 32];

    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly int[] _batches;
    private readonly OrtIoBinding[] _bindings;
    private readonly List<OrtValue> _bound = [];
    private readonly float[]?[] _floats;
    private readonly long[]?[] _longs;
    private readonly float[][] _outputs;

    private OnnxSession(InferenceSession session, int[] batches)
    {
        _session = session;
        Inputs = [.. session.InputNames.Select(name => Tensor(name, session.InputMetadata[name]))];
        Outputs = [.. session.OutputNames.Select(name => Tensor(name, session.OutputMetadata[name]))];
        int own = Inputs[0].Shape.Length > 0 ? Inputs[0].Shape[0] : 1;
        _batches = own > 0 ? [own] : batches;

        int capacity = _batches[^1];
        _floats = [.. Inputs.Select(t => t.Dtype == "float32" ? GC.AllocateArray<float>(capacity * t.RowLength, pinned: true) : null)];
        _longs = [.. Inputs.Select(t => t.Dtype == "int64" ? GC.AllocateArray<long>(capacity * t.RowLength, pinned: true) : null)];
        _outputs = [.. Outputs.Select(t => GC.AllocateArray<float>(capacity * t.RowLength, pinned: true))];
        _bindings = [.. _batches.Select(Bind)];
    }

    public string Provider => "cpu";

    public IReadOnlyList<SessionTensor> Inputs { get; }

    public IReadOnlyList<SessionTensor> Outputs { get; }

    public ReadOnlySpan<int> Batches => _batches;

    /// <summary>Opens a graph on the CPU.</summary>
    /// <param name="batches">Ascending row counts to bind; null: 1 to 32. A graph with a fixed batch has only its own.</param>
    /// <exception cref="OnnxRuntimeException">The graph cannot be used.</exception>
    /// <exception cref="NotSupportedException">An input or output type other than float32 and int64.</exception>
    public static OnnxSession Open(byte[] model, int[]? batches = null)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        var session = new InferenceSession(model, options);
        try
        {
            return new OnnxSession(session, batches ?? DefaultBatches);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public Span<float> Floats(int input) => _floats[input];

    public Span<long> Longs(int input) => _longs[input];

    public ReadOnlySpan<float> Output(int output) => _outputs[output];

    public void Run(int rows)
    {
        int index = Array.IndexOf(_batches, rows);
        ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(rows));
        try
        {
            _session.RunWithBinding(_run, _bindings[index]);
        }
        catch (OnnxRuntimeException error)
        {
            throw new InferenceException(error.Message, InferenceFault.Model, error);
        }
    }

    public void Dispose()
    {
        foreach (OrtIoBinding binding in _bindings) binding.Dispose();
        foreach (OrtValue value in _bound) value.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private OrtIoBinding Bind(int rows)
    {
        OrtIoBinding binding = _session.CreateIoBinding();
        for (int i = 0; i < Inputs.Count; i++)
            binding.BindInput(Inputs[i].Name, _longs[i] is { } longs ? Value(longs, TensorElementType.Int64, Inputs[i], rows) : Value(_floats[i]!, TensorElementType.Float, Inputs[i], rows));
        for (int i = 0; i < Outputs.Count; i++)
            binding.BindOutput(Outputs[i].Name, Value(_outputs[i], TensorElementType.Float, Outputs[i], rows));
        return binding;
    }

    private OrtValue Value<T>(T[] pinned, TensorElementType type, SessionTensor tensor, int rows)
        where T : unmanaged
    {
        long[] shape = [rows, .. tensor.Shape.Skip(1).Select(n => (long)n)];
        long bytes = (long)rows * tensor.RowLength * Marshal.SizeOf<T>();
        var value = OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type, shape, Marshal.UnsafeAddrOfPinnedArrayElement(pinned, 0), bytes);
        _bound.Add(value);
        return value;
    }

    internal static SessionTensor Tensor(string name, NodeMetadata node)
    {
        if (!node.IsTensor) throw new NotSupportedException($"{name} is not a tensor");
        string dtype = node.ElementDataType switch
        {
            TensorElementType.Float => "float32",
            TensorElementType.Int64 => "int64",
            var other => throw new NotSupportedException($"{name} is {other}, not float32 or int64"),
        };
        int[] shape = node.Dimensions;
        if (shape.Length == 0) throw new NotSupportedException($"{name} has no batch");
        if (shape.Skip(1).Any(n => n <= 0)) throw new NotSupportedException($"{name} leaves a size other than the batch open");
        return new SessionTensor(name, dtype, shape);
    }
}
