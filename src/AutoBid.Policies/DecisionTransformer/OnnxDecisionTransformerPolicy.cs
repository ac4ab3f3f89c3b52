using System.Globalization;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>
/// A decision transformer (GAVE and its kin, policies.md section 3) in ONNX: a right-aligned window of K tokens, each the condition e, the z-scored
/// features of its step and the executed log multiplier of the step before; the answer is the last token's. Calls on several threads make their rows
/// beside each other and meet in the batcher.
/// </summary>
public sealed class OnnxDecisionTransformerPolicy : IBidPolicy, IRetirable, IDisposable, IDecisionRows<FeatureScratch>
{
    private const double ResidualLimit = 0.6;
    private const string Action = "action";

    private readonly ModelCard _card;
    private readonly ModelInference _inference;
    private readonly FeatureRows _rows;
    private readonly IWindowAddition? _addition;
    private readonly DecisionRuns<FeatureScratch> _runs;
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
        _runs = new DecisionRuns<FeatureScratch>(card.Name, inference);
        IFeatureBuilder features = FeatureBuilders.Find(card.Features.Name, card.Features.Version)
            ?? throw new ModelRefusedException(RefusalReason.Features, $"there is no feature builder {card.Features.Name} version {card.Features.Version}");
        _window = card.Window;
        _width = features.Columns.Count;
        if (card.Features.Mean.Length != _width)
            throw new ModelRefusedException(RefusalReason.Features, $"the card has statistics of {card.Features.Mean.Length} columns, {features.Name} has {_width}");

        _condition = inference.Inputs.IndexOfInput("condition", "float32", _window);
        _states = inference.Inputs.IndexOfInput("states", "float32", _window, _width);
        _actions = inference.Inputs.IndexOfInput("actions", "float32", _window);
        _timesteps = inference.Inputs.IndexOfInput("timesteps", "int64", _window);
        _mask = inference.Inputs.IndexOfInput("mask", "float32", _window);
        bool residual = card.Action == "residualToMpc";
        _base = residual ? inference.Inputs.IndexOfInput("base", "float32", _window) : -1;
        _baseMask = residual ? inference.Inputs.IndexOfInput("baseMask", "float32", _window) : -1;
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

    public bool IsThreadSafe => true;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope) => _runs.Decide(this, inputs, decisions, scope);

    ModelInference IRetirable.Inference => _inference;

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

    void IDecisionRows<FeatureScratch>.Fill(FeatureScratch scratch, InferenceRequest request, int row, in PolicyInput input, ulong seed, ref RowTally tally)
    {
        Clear(request, row);
        _addition?.Fill(request, row, input, seed);
        int count = _rows.Fill(scratch, input, out int first, ref tally);
        RowShape shape = _rows.Shape;
        for (int i = 0; i < count; i++)
        {
            int token = (row + 1) * _window - count + i;
            ReadOnlySpan<float> made = scratch.Floats.AsSpan(i * shape.Floats, shape.Floats);
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

    void IDecisionRows<FeatureScratch>.Answer(
        FeatureScratch scratch, InferenceBatcher batcher, InferenceRequest request, int row, int item, in PolicyInput input, out PolicyDecision decision)
    {
        double action = request.Output(batcher.IndexOfOutput(Action))[row];
        double log = _card.Action switch
        {
            "multiplier" => Math.Log(action),
            "residualToMpc" => request.Floats(_base)[row * _window + _window - 1] + Math.Clamp(action, -ResidualLimit, ResidualLimit),
            _ => action,
        };
        log = FeatureRows.Legal(log);
        int now = input.Trajectory.Closed;
        if (_card.Serving.Smoothing > 0 && now > 0 && input.Trajectory.Rows[now - 1].Multiplier > 0)
            log += _card.Serving.Smoothing * (FeatureRows.LogExecuted(input.Trajectory.Rows[now - 1]) - log);
        decision = new PolicyDecision { Multiplier = Math.Exp(log), IsDecided = true, Plan = _addition?.PlanOf(batcher, request, row, input) };
    }
}
