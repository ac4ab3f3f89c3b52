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

    /// <summary>Row counts that <see cref="Run(int)"/> takes, ascending; the last is the capacity of the buffers.</summary>
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

    /// <summary>
    /// Lets the device read host memory where it lies, for as long as what it answers is referenced; null where it cannot, or need not. On any thread,
    /// beside a run.
    /// </summary>
    /// <param name="owner">What keeps the memory; held until the device has let go of it.</param>
    /// <param name="address">Of whole pages that nothing else lies on.</param>
    object? Pin(object owner, nint address, long bytes) => null;

    /// <summary>As <see cref="Run(int)"/>, with rows that lie one after the other in <paramref name="sources"/>, and zeros behind them.</summary>
    void Run(ReadOnlySpan<RowSource> sources, int rows)
    {
        int filled = 0;
        foreach (RowSource source in sources) filled += source.Rows;
        for (int i = 0; i < Inputs.Count; i++)
        {
            int width = Inputs[i].RowLength;
            if (Inputs[i].Dtype == "int64") Longs(i)[(filled * width)..(rows * width)].Clear();
            else Floats(i)[(filled * width)..(rows * width)].Clear();
        }

        Run(rows);
    }
}
