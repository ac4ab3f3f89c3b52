using AutoBid.Policies.Models;

namespace AutoBid.Policies.Tests.Inference;

/// <summary>
/// A session whose answer to a row (a, b) is a + 1000 b, whose runs a test can hold, count and break. It remembers what it saw: rows, buckets, threads.
/// </summary>
internal sealed class GatedSession(string provider = "cpu", int[]? batches = null, bool canPin = false) : IInferenceSession
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly int[] _batches = batches ?? [1, 4, 16];
    private readonly float[] _x = new float[2 * (batches ?? [1, 4, 16])[^1]];
    private readonly long[] _n = new long[(batches ?? [1, 4, 16])[^1]];
    private readonly float[] _y = new float[(batches ?? [1, 4, 16])[^1]];
    private readonly ManualResetEventSlim _open = new(true);
    private readonly List<(int Bucket, float[] First)> _runs = [];
    private readonly HashSet<int> _threads = [];
    private readonly List<int> _direct = [];
    private int _inside;

    public string Provider => provider;

    public IReadOnlyList<SessionTensor> Inputs { get; } = [new("x", "float32", [-1, 2]), new("n", "int64", [-1])];

    public IReadOnlyList<SessionTensor> Outputs { get; } = [new("y", "float32", [-1])];

    public ReadOnlySpan<int> Batches => _batches;

    /// <summary>Runs inside each run, after it was held: may throw or move a clock.</summary>
    public Action? OnRun { get; set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Somebody is inside a run.</summary>
    public bool IsInside => Volatile.Read(ref _inside) > 0;

    /// <summary>Bucket of each run, and the first numbers of its rows.</summary>
    public IReadOnlyList<(int Bucket, float[] First)> Runs
    {
        get
        {
            lock (_runs) return [.. _runs];
        }
    }

    /// <summary>Threads that touched it.</summary>
    public int Threads
    {
        get
        {
            lock (_runs) return _threads.Count;
        }
    }

    public void Hold() => _open.Reset();

    public void LetGo() => _open.Set();

    public Span<float> Floats(int input) => _x;

    public Span<long> Longs(int input) => _n;

    public ReadOnlySpan<float> Output(int output) => _y;

    /// <summary>Rows of each request that a run read where it lies.</summary>
    public IReadOnlyList<int> DirectRuns
    {
        get
        {
            lock (_runs) return [.. _direct];
        }
    }

    public object? Pin(object owner, nint address, long bytes) => canPin && address % Environment.SystemPageSize == 0 ? owner : null;

    public unsafe void Run(ReadOnlySpan<RowSource> sources, int rows)
    {
        int first = 0;
        foreach (RowSource source in sources)
        {
            if (source.Pinned is { } pinned)
            {
                lock (_runs) _direct.Add(source.Rows);
                new ReadOnlySpan<float>((void*)pinned.Addresses[0], 2 * source.Rows).CopyTo(_x.AsSpan(2 * first));
                new ReadOnlySpan<long>((void*)pinned.Addresses[1], source.Rows).CopyTo(_n.AsSpan(first));
            }

            first += source.Rows;
        }

        _x.AsSpan(2 * first).Clear();
        _n.AsSpan(first).Clear();
        Run(rows);
    }

    public void Run(int rows)
    {
        Assert.Equal(1, Interlocked.Increment(ref _inside));
        try
        {
            lock (_runs)
            {
                _threads.Add(Environment.CurrentManagedThreadId);
                _runs.Add((rows, [.. Enumerable.Range(0, rows).Select(row => _x[2 * row])]));
            }

            Assert.True(_open.Wait(Long));
            OnRun?.Invoke();
            for (int row = 0; row < rows; row++) _y[row] = _x[2 * row] + 1000 * _x[2 * row + 1] + _n[row];
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose()
    {
        lock (_runs) _threads.Add(Environment.CurrentManagedThreadId);
        IsDisposed = true;
    }
}
