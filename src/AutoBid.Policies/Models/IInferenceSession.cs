namespace AutoBid.Policies.Models;

/// <summary>
/// An opened graph with fixed input and output buffers: write rows into the inputs, run, read the outputs. Not thread-safe.
/// An interface so that tests can make it fail, stall or lose its device.
/// </summary>
public interface IInferenceSession : IDisposable
{
    /// <summary>cpu or cuda.</summary>
    string Provider { get; }

    IReadOnlyList<SessionTensor> Inputs { get; }

    IReadOnlyList<SessionTensor> Outputs { get; }

    /// <summary>Row counts that <see cref="Run"/> takes, ascending; the last is the capacity of the buffers.</summary>
    ReadOnlySpan<int> Batches { get; }

    /// <summary>Device bytes that making each of <see cref="Batches"/> ready took; empty where nobody counts.</summary>
    IReadOnlyList<long> MemoryBytes => [];

    /// <summary>Buffer of a float32 input: capacity x row length.</summary>
    Span<float> Floats(int input);

    /// <summary>Buffer of an int64 input: capacity x row length.</summary>
    Span<long> Longs(int input);

    /// <summary>Buffer of a float32 output: capacity x row length.</summary>
    ReadOnlySpan<float> Output(int output);

    /// <summary>Runs the first <paramref name="rows"/> rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not one of <see cref="Batches"/>.</exception>
    /// <exception cref="InferenceException">The run failed.</exception>
    void Run(int rows);
}
