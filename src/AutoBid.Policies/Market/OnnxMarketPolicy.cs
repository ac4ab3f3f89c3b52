using System.Globalization;
using System.Runtime.CompilerServices;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Diffusion;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;

namespace AutoBid.Policies.Market;

/// <summary>
/// Market diffusion (policies.md section 6a) in ONNX: the graph samples how prices, volume and value levels of the rest of the day may go, and the bid is optimised
/// exactly over the samples. What it has no prior or volume for it decides as MPC does. Calls on several threads meet in the batcher.
/// </summary>
public sealed class OnnxMarketPolicy : IBidPolicy, IRetirable, IDisposable
{
    private const string Latents = "market-levels";
    private const int LatentsVersion = 1;
    private const string Futures = "futures";
    private const int Steps = StepClock.StepsPerDay;

    private static readonly BestConstant Constant = new();

    private readonly ModelCard _card;
    private readonly ModelInference _inference;
    private readonly DecisionRuns<MarketFutures> _runs;
    private readonly MpcPolicy _mpc = new();
    private readonly PopulationPrior? _curve;
    private readonly ConditionalWeakTable<PopulationPrior, PopulationPrior> _curves = [];
    private readonly ConditionalWeakTable<PopulationPrior, PopulationPrior>.CreateValueCallback? _withCurve;
    private readonly int _market, _known, _now, _boundary, _noise, _noises;

    /// <param name="inference">Owned from here on, unless this throws.</param>
    /// <exception cref="ModelRefusedException">Reason Kind, Features or Shape: card and graph are not those of a market.</exception>
    public OnnxMarketPolicy(ModelCard card, ModelInference inference)
    {
        if (card is not { Kind: "market", Action: "none" }) throw new ModelRefusedException(RefusalReason.Kind, $"a market has no action, not {card.Action}");
        if (card.Features is not { Name: Latents, Version: LatentsVersion } || card.Features.Mean.Length != MarketLatents.Channels)
        {
            throw new ModelRefusedException(
                RefusalReason.Features,
                string.Create(CultureInfo.InvariantCulture, $"a market takes the {MarketLatents.Channels} {Latents} version {LatentsVersion}, not {card.Features.Mean.Length} {card.Features.Name} version {card.Features.Version}"));
        }

        if (card.Window != Steps) throw Refuse(string.Create(CultureInfo.InvariantCulture, $"the window is {card.Window} steps, not the day's {Steps}"));
        _card = card;
        _inference = inference;
        _curve = card.Curve?.ToPrior();
        if (_curve is { } curve) _withCurve = prior => prior.WithCurveOf(curve);
        _runs = new DecisionRuns<MarketFutures>(card.Name, inference);
        _market = inference.Inputs.IndexOfInput("market", "float32", Steps, MarketLatents.Channels);
        _known = inference.Inputs.IndexOfInput("known", "float32", Steps, MarketLatents.Channels);
        _now = inference.Inputs.IndexOfInput("now", "float32", Steps);
        _boundary = inference.Inputs.IndexOfInput("boundary", "float32", Steps);
        _noise = inference.Inputs.IndexOf("noise");
        _noises = _noise >= 0 && inference.Inputs[_noise].Shape.Length == 4 ? inference.Inputs[_noise].Shape[1] : 1;
        inference.Inputs.IndexOfInput("noise", "float32", _noises, Steps, MarketLatents.Channels);
        if (inference.Inputs.Count != 5) throw Refuse("the graph has inputs that a market does not have");
        foreach (IReadOnlyList<SessionTensor> outputs in inference.Outputs)
        {
            int index = outputs.IndexOf(Futures);
            if (index < 0) throw Refuse($"the graph has no output {Futures}");
            if (!outputs[index].Shape.Skip(1).SequenceEqual([_noises, Steps, MarketLatents.Channels]))
                throw Refuse($"output {Futures} is [{string.Join(", ", outputs[index].Shape)}], not [-1, {_noises}, {Steps}, {MarketLatents.Channels}]");
        }

        Model = string.Create(CultureInfo.InvariantCulture, $"{card.Name}/{card.Version}");
    }

    public string Name => _card.Name;

    public string Model { get; }

    public PolicyCadence Cadence => PolicyCadence.StepStart;

    public bool IsThreadSafe => true;

    public bool DecidesFromPrior => true;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope) => Decide(Constant, inputs, decisions, scope);

    /// <summary>Samples the futures of each input and has <paramref name="choice"/> decide on them.</summary>
    internal void Decide(IFutureChoice choice, ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
        => _runs.Decide(new Rows(this, choice), inputs, decisions, scope);

    ModelInference IRetirable.Inference => _inference;

    public void Retire() => _inference.Retire();

    public void Dispose() => _inference.Dispose();

    /// <summary>
    /// What latents are made of, and futures composed with: the input's prior, at the curve of the card where it is the prior that the curve was made for, known or
    /// not its regime. Another market's prices per reference are its own: there the account's prior is all there is.
    /// </summary>
    private ForecastInput Relative(in PolicyInput input)
    {
        ForecastInput forecast = input.Forecast;
        PopulationPrior prior = input.Prior!;
        if (_curve is null || prior.MeanValue != _curve.MeanValue || prior.Reference != _curve.Reference || prior.OpportunitiesPerDay != _curve.OpportunitiesPerDay) return forecast;
        return forecast with { Prior = _curves.GetValue(prior, _withCurve!) };
    }

    private PolicyDecision ByMpc(in PolicyInput input)
    {
        PolicyDecision decision = default;
        _mpc.Decide(new ReadOnlySpan<PolicyInput>(in input), new Span<PolicyDecision>(ref decision), DecisionScope.Unbounded(_inference.Clock));
        return decision;
    }

    private static ModelRefusedException Refuse(string message) => new(RefusalReason.Shape, message);

    /// <summary>The rows of one call.</summary>
    private sealed class Rows(OnnxMarketPolicy policy, IFutureChoice choice) : IDecisionRows<MarketFutures>
    {
        private readonly int _length = policy._noises * Steps * MarketLatents.Channels;

        public bool TryWithout(int item, in PolicyInput input, out PolicyDecision decision)
        {
            if (choice.TryWithout(item, input, out decision)) return true;
            if (input.Prior is not null) return false;
            decision = policy.ByMpc(input);
            return true;
        }

        public void Fill(MarketFutures scratch, InferenceRequest request, int row, in PolicyInput input, ulong seed, ref RowTally tally)
        {
            const int Width = Steps * MarketLatents.Channels;
            MarketLatents.Write(
                policy.Relative(input), request.Floats(policy._market).Slice(row * Width, Width), request.Floats(policy._known).Slice(row * Width, Width),
                request.Floats(policy._now).Slice(row * Steps, Steps), request.Floats(policy._boundary).Slice(row * Steps, Steps));
            PlanNoise.Fill(request.Floats(policy._noise).Slice(row * _length, _length), input.CampaignId, input.Day, input.Trajectory.Closed, seed);
        }

        public void Answer(MarketFutures scratch, InferenceBatcher batcher, InferenceRequest request, int row, int item, in PolicyInput input, out PolicyDecision decision)
        {
            ReadOnlySpan<float> futures = request.Output(batcher.IndexOfOutput(Futures)).Slice(row * _length, _length);
            foreach (float latent in futures)
            {
                if (float.IsFinite(latent)) continue;
                decision = choice.WithoutFutures(item);
                return;
            }

            scratch.Build(policy.Relative(input), futures);
            decision = scratch.IsKnown ? choice.Choose(scratch, item, input) : policy.ByMpc(input);
        }
    }
}
