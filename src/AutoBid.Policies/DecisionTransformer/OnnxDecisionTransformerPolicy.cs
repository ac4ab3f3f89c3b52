using System.Globalization;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>
/// A decision transformer (GAVE and its kin, policies.md section 3) in ONNX: a right-aligned window of K tokens, each the condition e, the z-scored
/// features of its step and the executed log multiplier of the step before; the answer is the last token's. One call at a time.
/// </summary>
public sealed class OnnxDecisionTransformerPolicy : IBidPolicy, IDisposable
{
    private const double FeatureLimit = 5;
    private const double ResidualLimit = 0.6;

    /// <summary>Longest chunk outside deterministic mode: inference must not hold a core against the bid path for longer.</summary>
    private const double ChunkMs = 5;

    /// <summary>What is left, per chunk, of the estimate of a batch that is passed over: one that is always too slow is tried in about 3 % of the chunks.</summary>
    private const double Fading = 0.995;

    /// <summary>
    /// Rows of a chunk without a deadline, on the CPU. A fixed number, padded, so that an answer does not depend on who else is asked; few, because most such
    /// calls have few campaigns and more rows at once are hardly cheaper each.
    /// </summary>
    private const int DeterministicRows = 8;

    private static readonly double LogLowest = Math.Log(DayForecast.LowestMultiplier);
    private static readonly double LogHighest = Math.Log(DayForecast.HighestMultiplier);

    private readonly ModelCard _card;
    private readonly IInferenceSession _session;
    private readonly IFeatureBuilder _features;
    private readonly IWindowAddition? _addition;
    private readonly DayForecast _scratch = new();
    private readonly Lock _gate = new();
    private readonly int _condition, _states, _actions, _timesteps, _mask, _base, _baseMask, _action;
    private readonly int _window, _width, _deterministicBatch;
    private readonly double[] _batchMs;
    private string[] _ids = [];
    private int[] _order = [];

    /// <param name="session">Owned from here on, unless this throws.</param>
    /// <exception cref="ModelRefusedException">Reason Features or Shape: card, builder and graph do not fit.</exception>
    public OnnxDecisionTransformerPolicy(ModelCard card, IInferenceSession session)
        : this(card, session, null)
    {
    }

    /// <param name="addition">What the graph takes and answers beside the window; null: nothing.</param>
    internal OnnxDecisionTransformerPolicy(ModelCard card, IInferenceSession session, IWindowAddition? addition)
    {
        _addition = addition;
        _card = card;
        _session = session;
        _features = FeatureBuilders.Find(card.Features.Name, card.Features.Version)
            ?? throw new ModelRefusedException(RefusalReason.Features, $"there is no feature builder {card.Features.Name} version {card.Features.Version}");
        _window = card.Window;
        _width = _features.Columns.Count;
        if (card.Features.Mean.Length != _width)
            throw new ModelRefusedException(RefusalReason.Features, $"the card has statistics of {card.Features.Mean.Length} columns, {_features.Name} has {_width}");

        _condition = Input("condition", "float32", _window);
        _states = Input("states", "float32", _window, _width);
        _actions = Input("actions", "float32", _window);
        _timesteps = Input("timesteps", "int64", _window);
        _mask = Input("mask", "float32", _window);
        bool residual = card.Action == "residualToMpc";
        _base = residual ? Input("base", "float32", _window) : -1;
        _baseMask = residual ? Input("baseMask", "float32", _window) : -1;
        if (session.Inputs.Count != (residual ? 7 : 5) + (addition?.Inputs ?? 0)) throw new ModelRefusedException(RefusalReason.Shape, "the graph has inputs that a decision transformer does not have");
        _action = IndexOf(session.Outputs, "action");
        if (_action < 0 || session.Outputs[_action].RowLength != 1) throw new ModelRefusedException(RefusalReason.Shape, "the graph has no output action of one number per row");
        Model = string.Create(CultureInfo.InvariantCulture, $"{card.Name}/{card.Version}");
        _batchMs = new double[session.Batches.Length];
        // An accelerator runs its whole capacity in the time of a few rows.
        _deterministicBatch = session.Provider == "cpu" ? Math.Max(0, LastAtMost(session.Batches, DeterministicRows)) : _batchMs.Length - 1;
    }

    public string Name => _card.Name;

    public string Model { get; }

    public PolicyCadence Cadence => PolicyCadence.StepStart;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        lock (_gate)
        {
            decisions[..inputs.Length].Clear();
            int count = Collect(inputs, decisions);
            bool deterministic = scope.DeadlineTimestamp == long.MaxValue;
            // The same campaigns then share the same chunk whatever order they came in.
            if (deterministic) Array.Sort(_ids, _order, 0, count, StringComparer.Ordinal);

            for (int first = 0; first < count;)
            {
                if (scope.IsLate) return;
                int batch = deterministic ? _deterministicBatch : ChooseBatch(count - first);
                int size = _session.Batches[batch], rows = Math.Min(size, count - first);
                long started = scope.Monotonic.GetTimestamp();
                for (int row = 0; row < rows; row++) Fill(row, inputs[_order[first + row]], scope.Seed);
                for (int row = rows; row < size; row++) Pad(row);
                _session.Run(size);
                Measure(batch, scope.Monotonic.GetElapsedTime(started).TotalMilliseconds);
                // An answer after the deadline is worthless: the fallback chain has moved on.
                if (scope.IsLate) return;

                for (int row = 0; row < rows; row++) Answer(row, inputs[_order[first + row]], out decisions[_order[first + row]]);
                first += rows;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate) _session.Dispose();
    }

    /// <summary>Decides what needs no model and lists the rest.</summary>
    private int Collect(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions)
    {
        if (_order.Length < inputs.Length)
        {
            _order = new int[inputs.Length];
            _ids = new string[inputs.Length];
        }

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
                _order[count] = i;
                _ids[count++] = inputs[i].CampaignId;
            }
        }

        return count;
    }

    private void Fill(int row, in PolicyInput input, ulong seed)
    {
        Clear(row);
        _addition?.Fill(row, input, seed);
        TrajectoryView day = input.Trajectory;
        int now = day.Closed;
        bool knowsStep = input is { CurrentImpressions: > 0, CurrentMeanValue: > 0 };
        var current = new FeatureInput { Forecast = input.Forecast, TargetFirst = input.Mode == Core.Campaigns.PacingMode.TargetFirst, HasTarget = input.HasTarget };
        for (int step = Math.Max(0, now - _window + 1); step <= now; step++)
        {
            int token = row * _window + _window - 1 - (now - step);
            FeatureInput then = current.AsOf(step, knowsStep);
            Span<float> state = _session.Floats(_states).Slice(token * _width, _width);
            _features.Write(then, _scratch, state);
            Normalise(state);
            _session.Floats(_condition)[token] = (float)_card.Serving.E;
            _session.Floats(_actions)[token] = step == 0 ? 0 : (float)LogExecuted(day.Rows[step - 1]);
            _session.Longs(_timesteps)[token] = step;
            _session.Floats(_mask)[token] = 1;
            if (_base < 0 || input.Prior is null || !MpcPolicy.TryPlan(input, then.Forecast, _scratch, out double mpc)) continue;
            _session.Floats(_base)[token] = (float)Math.Log(mpc);
            _session.Floats(_baseMask)[token] = 1;
        }
    }

    private void Clear(int row)
    {
        int start = row * _window;
        _session.Floats(_condition).Slice(start, _window).Clear();
        _session.Floats(_states).Slice(start * _width, _window * _width).Clear();
        _session.Floats(_actions).Slice(start, _window).Clear();
        _session.Longs(_timesteps).Slice(start, _window).Clear();
        _session.Floats(_mask).Slice(start, _window).Clear();
        if (_base < 0) return;
        _session.Floats(_base).Slice(start, _window).Clear();
        _session.Floats(_baseMask).Slice(start, _window).Clear();
    }

    /// <summary>A padding row is an empty first token: a row without any real token would be a softmax over nothing.</summary>
    private void Pad(int row)
    {
        Clear(row);
        _addition?.Pad(row);
        _session.Floats(_mask)[row * _window + _window - 1] = 1;
    }

    private void Normalise(Span<float> state)
    {
        for (int i = 0; i < state.Length; i++)
            state[i] = (float)Math.Clamp((state[i] - _card.Features.Mean[i]) / (double)_card.Features.Std[i], -FeatureLimit, FeatureLimit);
    }

    private void Answer(int row, in PolicyInput input, out PolicyDecision decision)
    {
        double action = _session.Output(_action)[row];
        double log = _card.Action switch
        {
            "multiplier" => Math.Log(action),
            "residualToMpc" => _session.Floats(_base)[row * _window + _window - 1] + Math.Clamp(action, -ResidualLimit, ResidualLimit),
            _ => action,
        };
        log = Math.Clamp(log, LogLowest, LogHighest);
        int now = input.Trajectory.Closed;
        if (_card.Serving.Smoothing > 0 && now > 0 && input.Trajectory.Rows[now - 1].Multiplier > 0)
            log += _card.Serving.Smoothing * (LogExecuted(input.Trajectory.Rows[now - 1]) - log);
        decision = new PolicyDecision { Multiplier = Math.Exp(log), IsDecided = true, Plan = _addition?.PlanOf(row, input) };
    }

    private static double LogExecuted(in StepRow row) => row.Multiplier > 0 ? Math.Clamp(Math.Log(row.Multiplier), LogLowest, LogHighest) : 0;

    /// <summary>The largest batch that is known, or by its neighbour expected, to stay inside a chunk; not more than needed.</summary>
    private int ChooseBatch(int left)
    {
        int best = 0;
        while (best + 1 < _batchMs.Length && _session.Batches[best] < left && _batchMs[best] > 0)
        {
            double expected = _batchMs[best + 1] > 0 ? _batchMs[best + 1] : _batchMs[best] * _session.Batches[best + 1] / _session.Batches[best];
            if (expected > ChunkMs)
            {
                // What is passed over is not measured: unless it faded, one disturbed run would keep chunks small for good.
                _batchMs[best + 1] *= Fading;
                break;
            }

            best++;
        }

        return best;
    }

    private void Measure(int batch, double ms) => _batchMs[batch] = _batchMs[batch] > 0 ? 0.8 * _batchMs[batch] + 0.2 * ms : Math.Max(ms, 1e-6);

    private int Input(string name, string dtype, params int[] row)
    {
        int index = IndexOf(_session.Inputs, name);
        if (index < 0) throw new ModelRefusedException(RefusalReason.Shape, $"the graph has no input {name}");
        SessionTensor tensor = _session.Inputs[index];
        return tensor.Dtype == dtype && tensor.Shape.Skip(1).SequenceEqual(row)
            ? index
            : throw new ModelRefusedException(RefusalReason.Shape, $"input {name} is {tensor.Dtype}[{string.Join(", ", tensor.Shape)}], not {dtype}[-1, {string.Join(", ", row)}]");
    }

    /// <summary>Index of the last batch of at most so many rows; -1: none.</summary>
    private static int LastAtMost(ReadOnlySpan<int> batches, int rows)
    {
        int last = -1;
        while (last + 1 < batches.Length && batches[last + 1] <= rows) last++;
        return last;
    }

    private static int IndexOf(IReadOnlyList<SessionTensor> tensors, string name)
    {
        for (int i = 0; i < tensors.Count; i++)
        {
            if (tensors[i].Name == name) return i;
        }

        return -1;
    }
}
