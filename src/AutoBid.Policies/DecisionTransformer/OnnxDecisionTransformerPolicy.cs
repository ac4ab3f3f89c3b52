using System.Globalization;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Simple;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>
/// A decision transformer (GAVE and its kin, policies.md section 3) in ONNX: a right-aligned window of K tokens, each the condition e, the z-scored
/// features of its step and the executed log multiplier of the step before; the answer is the last token's. Calls on several threads make their rows
/// beside each other and meet in the batcher.
/// </summary>
public sealed class OnnxDecisionTransformerPolicy : IBidPolicy, IRetirable, IDisposable
{
    private const double ResidualLimit = 0.6;
    private const string Action = "action";

    private static readonly double LogLowest = Math.Log(DayForecast.LowestMultiplier);
    private static readonly double LogHighest = Math.Log(DayForecast.HighestMultiplier);

    private readonly ModelCard _card;
    private readonly ModelInference _inference;
    private readonly FeatureRows _rows;
    private readonly IWindowAddition? _addition;
    private readonly Stack<Work> _free = new();
    private readonly int _condition, _states, _actions, _timesteps, _mask, _base, _baseMask;
    private readonly int _window, _width;

    /// <param name="inference">Owned from here on, unless this throws.</param>
    /// <param name="featureCacheBytes">As <see cref="ModelRegistryOptions.FeatureCacheBytes"/>.</param>
    /// <exception cref="ModelRefusedException">Reason Features or Shape: card, builder and graph do not fit.</exception>
    public OnnxDecisionTransformerPolicy(ModelCard card, ModelInference inference, long featureCacheBytes = ModelRegistryOptions.DefaultFeatureCacheBytes)
        : this(card, inference, featureCacheBytes, null)
    {
    }

    /// <param name="addition">What the graph takes and answers beside the window; null: nothing.</param>
    internal OnnxDecisionTransformerPolicy(ModelCard card, ModelInference inference, long featureCacheBytes, IWindowAddition? addition)
    {
        _addition = addition;
        _card = card;
        _inference = inference;
        IFeatureBuilder features = FeatureBuilders.Find(card.Features.Name, card.Features.Version)
            ?? throw new ModelRefusedException(RefusalReason.Features, $"there is no feature builder {card.Features.Name} version {card.Features.Version}");
        _window = card.Window;
        _width = features.Columns.Count;
        if (card.Features.Mean.Length != _width)
            throw new ModelRefusedException(RefusalReason.Features, $"the card has statistics of {card.Features.Mean.Length} columns, {features.Name} has {_width}");

        _condition = Input("condition", "float32", _window);
        _states = Input("states", "float32", _window, _width);
        _actions = Input("actions", "float32", _window);
        _timesteps = Input("timesteps", "int64", _window);
        _mask = Input("mask", "float32", _window);
        bool residual = card.Action == "residualToMpc";
        _base = residual ? Input("base", "float32", _window) : -1;
        _baseMask = residual ? Input("baseMask", "float32", _window) : -1;
        if (inference.Inputs.Count != (residual ? 7 : 5) + (addition?.Inputs ?? 0)) throw new ModelRefusedException(RefusalReason.Shape, "the graph has inputs that a decision transformer does not have");
        foreach (IReadOnlyList<SessionTensor> outputs in inference.Outputs)
        {
            if (!outputs.Any(tensor => tensor is { Name: Action, RowLength: 1 })) throw new ModelRefusedException(RefusalReason.Shape, "the graph has no output action of one number per row");
        }

        _rows = new FeatureRows(card, features, residual, featureCacheBytes);
        inference.Metrics.Add(_rows.Cache);
        Model = string.Create(CultureInfo.InvariantCulture, $"{card.Name}/{card.Version}");
    }

    public string Name => _card.Name;

    public string Model { get; }

    public PolicyCadence Cadence => PolicyCadence.StepStart;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        Work work = Rent();
        try
        {
            decisions[..inputs.Length].Clear();
            int count = Collect(work, inputs, decisions);
            bool deterministic = scope.DeadlineTimestamp == long.MaxValue;
            // The same campaigns then share the same chunk whatever order they came in.
            if (deterministic) Array.Sort(work.Ids, work.Order, 0, count, StringComparer.Ordinal);
            for (int first = 0; first < count;)
            {
                if (scope.IsLate) return;
                InferenceBatcher batcher = _inference.Current;
                int chunk = deterministic ? batcher.DeterministicBucket : batcher.Chunks.Choose(count - first);
                int rows = Math.Min(batcher.Buckets[chunk], count - first);
                InferenceRequest request = batcher.Rent(rows);
                InferenceOutcome outcome = Ask(work, batcher, request, chunk, inputs, first, scope);
                if (outcome == InferenceOutcome.Answered)
                {
                    ReadOnlySpan<float> actions = request.Output(batcher.IndexOfOutput(Action));
                    for (int row = 0; row < rows; row++) Answer(batcher, request, row, actions[row], inputs[work.Order[first + row]], out decisions[work.Order[first + row]]);
                    first += rows;
                }

                batcher.Return(request);
                // An answer after the deadline is worthless: the fallback chain has moved on. A lost device is asked no more: the next way begins this chunk anew.
                if (outcome == InferenceOutcome.Late) return;
                if (outcome is InferenceOutcome.Answered || (outcome == InferenceOutcome.Lost && batcher.Provider != "cpu" && _inference.Current.IsAlive)) continue;
                throw Failure(outcome, request.Error);
            }
        }
        finally
        {
            lock (_free) _free.Push(work);
        }
    }

    /// <summary>Where its runs go.</summary>
    internal ModelInference Inference => _inference;

    /// <summary>Null: every row is made at every decision.</summary>
    internal RowCache? Cache => _rows.Cache;

    public void Retire()
    {
        _inference.Metrics.Remove(_rows.Cache);
        _inference.Retire();
    }

    public void Dispose()
    {
        _inference.Metrics.Remove(_rows.Cache);
        _inference.Dispose();
    }

    /// <summary>Makes the request's rows from <paramref name="first"/> on, and runs it.</summary>
    private InferenceOutcome Ask(
        Work work, InferenceBatcher batcher, InferenceRequest request, int chunk, ReadOnlySpan<PolicyInput> inputs, int first, in DecisionScope scope)
    {
        long started = scope.Monotonic.GetTimestamp();
        var tally = new RowTally();
        for (int row = 0; row < request.Rows; row++) Fill(work, request, row, inputs[work.Order[first + row]], scope.Seed, ref tally);
        _inference.Metrics.Built(_card.Name, scope.Monotonic.GetElapsedTime(started), tally);
        request.Class = scope.IsBulk ? RequestClass.Bulk : RequestClass.Interactive;
        request.Deadline = _inference.DeadlineOf(scope);
        request.Bucket = scope.DeadlineTimestamp == long.MaxValue ? batcher.Buckets[chunk] : 0;
        InferenceOutcome outcome = batcher.Run(request);
        batcher.Chunks.Measure(chunk, scope.Monotonic.GetElapsedTime(started).TotalMilliseconds);
        return outcome;
    }

    private static InferenceException Failure(InferenceOutcome outcome, InferenceException? error) => outcome switch
    {
        InferenceOutcome.QueueFull => new InferenceException("the queue of decisions is full", InferenceFault.QueueFull),
        InferenceOutcome.Lost => new InferenceException(error?.Message ?? "no device is left", InferenceFault.DeviceLost, error),
        _ => new InferenceException(error!.Message, error.Fault, error),
    };

    private Work Rent()
    {
        lock (_free) return _free.TryPop(out Work? work) ? work : new Work();
    }

    /// <summary>Decides what needs no model and lists the rest.</summary>
    private static int Collect(Work work, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions)
    {
        work.Reserve(inputs.Length);

        int count = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (ColdStart.Applies(inputs[i]))
            {
                decisions[i] = ColdStart.Decide(inputs[i]);
            }
            else if (inputs[i].Trajectory.Closed >= StepClock.StepsPerDay)
            {
                // The day is over: there is no step to decide.
                decisions[i] = new PolicyDecision { Multiplier = inputs[i].LastMultiplier > 0 ? inputs[i].LastMultiplier : ColdStart.Constant(inputs[i]), IsDecided = true };
            }
            else
            {
                work.Order[count] = i;
                work.Ids[count++] = inputs[i].CampaignId;
            }
        }

        return count;
    }

    private void Fill(Work work, InferenceRequest request, int row, in PolicyInput input, ulong seed, ref RowTally tally)
    {
        Clear(request, row);
        _addition?.Fill(request, row, input, seed);
        int count = _rows.Fill(work.Scratch, input, out int first, ref tally);
        RowShape shape = _rows.Shape;
        for (int i = 0; i < count; i++)
        {
            int token = (row + 1) * _window - count + i;
            ReadOnlySpan<float> made = work.Scratch.Floats.AsSpan(i * shape.Floats, shape.Floats);
            made[.._width].CopyTo(request.Floats(_states)[(token * _width)..]);
            request.Floats(_condition)[token] = (float)_card.Serving.E;
            request.Floats(_actions)[token] = made[shape.Action];
            request.Longs(_timesteps)[token] = first + i;
            request.Floats(_mask)[token] = 1;
            if (_base < 0) continue;
            request.Floats(_base)[token] = made[shape.Base];
            request.Floats(_baseMask)[token] = made[shape.BaseMask];
        }
    }

    private void Clear(InferenceRequest request, int row)
    {
        int start = row * _window;
        request.Floats(_condition).Slice(start, _window).Clear();
        request.Floats(_states).Slice(start * _width, _window * _width).Clear();
        request.Floats(_actions).Slice(start, _window).Clear();
        request.Longs(_timesteps).Slice(start, _window).Clear();
        request.Floats(_mask).Slice(start, _window).Clear();
        if (_base < 0) return;
        request.Floats(_base).Slice(start, _window).Clear();
        request.Floats(_baseMask).Slice(start, _window).Clear();
    }

    private void Answer(InferenceBatcher batcher, InferenceRequest request, int row, double action, in PolicyInput input, out PolicyDecision decision)
    {
        double log = _card.Action switch
        {
            "multiplier" => Math.Log(action),
            "residualToMpc" => request.Floats(_base)[row * _window + _window - 1] + Math.Clamp(action, -ResidualLimit, ResidualLimit),
            _ => action,
        };
        log = Math.Clamp(log, LogLowest, LogHighest);
        int now = input.Trajectory.Closed;
        if (_card.Serving.Smoothing > 0 && now > 0 && input.Trajectory.Rows[now - 1].Multiplier > 0)
            log += _card.Serving.Smoothing * (FeatureRows.LogExecuted(input.Trajectory.Rows[now - 1]) - log);
        decision = new PolicyDecision { Multiplier = Math.Exp(log), IsDecided = true, Plan = _addition?.PlanOf(batcher, request, row, input) };
    }

    private int Input(string name, string dtype, params int[] row)
    {
        int index = IndexOf(_inference.Inputs, name);
        if (index < 0) throw new ModelRefusedException(RefusalReason.Shape, $"the graph has no input {name}");
        SessionTensor tensor = _inference.Inputs[index];
        return tensor.Dtype == dtype && tensor.Shape.Skip(1).SequenceEqual(row)
            ? index
            : throw new ModelRefusedException(RefusalReason.Shape, $"input {name} is {tensor.Dtype}[{string.Join(", ", tensor.Shape)}], not {dtype}[-1, {string.Join(", ", row)}]");
    }

    private static int IndexOf(IReadOnlyList<SessionTensor> tensors, string name)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name == name) return i;
        }

        return -1;
    }

    /// <summary>What one call needs, reused.</summary>
    private sealed class Work
    {
        public FeatureScratch Scratch { get; } = new();

        public string[] Ids { get; private set; } = [];

        public int[] Order { get; private set; } = [];

        public void Reserve(int count)
        {
            if (Order.Length >= count) return;
            Order = new int[count];
            Ids = new string[count];
        }
    }
}
