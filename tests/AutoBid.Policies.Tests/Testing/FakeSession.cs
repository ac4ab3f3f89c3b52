using AutoBid.Policies.Models;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>A session whose answer, time and faults a test chooses. Shapes are those of the tiny model.</summary>
internal sealed class FakeSession(int window = 4, bool residual = false, string provider = "cpu", int[]? batches = null) : IInferenceSession
{
    private readonly int[] _batches = batches ?? [1, 2, 4];
    private readonly Dictionary<int, float[]> _floats = [];
    private readonly Dictionary<int, long[]> _longs = [];
    private readonly Dictionary<int, float[]> _outputs = [];

    public string Provider => provider;

    public IReadOnlyList<SessionTensor> Inputs { get; private init; } =
    [
        new("condition", "float32", [-1, window]), new("states", "float32", [-1, window, 29]), new("actions", "float32", [-1, window]),
        new("timesteps", "int64", [-1, window]), new("mask", "float32", [-1, window]),
        .. residual ? new SessionTensor[] { new("base", "float32", [-1, window]), new("baseMask", "float32", [-1, window]) } : [],
    ];

    public IReadOnlyList<SessionTensor> Outputs { get; private init; } = [new("action", "float32", [-1]), new("beta", "float32", [-1]), new("value", "float32", [-1])];

    public ReadOnlySpan<int> Batches => _batches;

    /// <summary>Answer of a row; default 0.</summary>
    public Func<int, float> Action { get; set; } = _ => 0;

    /// <summary>Answer of row, step and channel of a planning session.</summary>
    public Func<int, int, int, float> Plan { get; set; } = (_, _, _) => 0;

    /// <summary>Latent of row, sample, step and channel of a market session.</summary>
    public Func<int, int, int, int, float> Future { get; set; } = (_, _, _, _) => 0;

    /// <summary>Runs before the answer: may throw or advance a clock.</summary>
    public Action? OnRun { get; set; }

    public List<int> Runs { get; } = [];

    public bool IsDisposed { get; private set; }

    /// <summary>A graph that also takes noise and answers a plan, with promise 0.5.</summary>
    public static FakeSession Planning(int window = 4, int[]? noise = null, int[]? plan = null)
    {
        var plain = new FakeSession(window);
        return new FakeSession(window)
        {
            Inputs = [.. plain.Inputs, new SessionTensor("noise", "float32", noise ?? [-1, 2, 48, 4])],
            Outputs = [plain.Outputs[0], new SessionTensor("plan", "float32", plan ?? [-1, 48, 4]), new SessionTensor("promise", "float32", [-1])],
        };
    }

    /// <summary>A graph that samples futures; two of them unless the noise says otherwise.</summary>
    public static FakeSession Market(int[]? noise = null, int[]? futures = null, int[]? market = null) => new()
    {
        Inputs =
        [
            new("market", "float32", market ?? [-1, 48, 3]), new("known", "float32", [-1, 48, 3]), new("now", "float32", [-1, 48]),
            new("boundary", "float32", [-1, 48]), new("noise", "float32", noise ?? [-1, 2, 48, 3]),
        ],
        Outputs = [new SessionTensor("futures", "float32", futures ?? [-1, 2, 48, 3])],
    };

    public int Index(string input) => Inputs.Select((t, i) => (t, i)).First(x => x.t.Name == input).i;

    public Span<float> Floats(int input) => Get(_floats, input, Inputs[input]);

    public Span<long> Longs(int input) => Get(_longs, input, Inputs[input]);

    public ReadOnlySpan<float> Output(int output) => Get(_outputs, output, Outputs[output]);

    public void Run(int rows)
    {
        Assert.Contains(rows, _batches);
        Runs.Add(rows);
        OnRun?.Invoke();
        if (Outputs[0].Name == "futures")
        {
            Span<float> futures = Get(_outputs, 0, Outputs[0]);
            for (int i = 0; i < rows * Outputs[0].RowLength; i++)
                futures[i] = Future(i / Outputs[0].RowLength, i % Outputs[0].RowLength / 144, i % 144 / 3, i % 3);
            return;
        }

        Span<float> action = Get(_outputs, 0, Outputs[0]);
        for (int row = 0; row < rows; row++) action[row] = Action(row);
        if (Outputs[1].Name != "plan") return;
        Span<float> plan = Get(_outputs, 1, Outputs[1]);
        for (int i = 0; i < rows * Outputs[1].RowLength; i++) plan[i] = Plan(i / Outputs[1].RowLength, i % Outputs[1].RowLength / 4, i % 4);
        Get(_outputs, 2, Outputs[2]).AsSpan(0, rows).Fill(0.5f);
    }

    public void Dispose() => IsDisposed = true;

    private T[] Get<T>(Dictionary<int, T[]> buffers, int index, SessionTensor tensor)
    {
        if (!buffers.TryGetValue(index, out T[]? buffer)) buffers[index] = buffer = new T[_batches[^1] * tensor.RowLength];
        return buffer;
    }
}
