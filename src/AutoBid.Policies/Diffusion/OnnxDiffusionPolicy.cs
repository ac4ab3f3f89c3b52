using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Diffusion;

/// <summary>
/// CBD (policies.md section 5) in ONNX: one graph samples the rest of the day, aligns it to the efficiency that is asked for, and reads the action off
/// its next step. It takes the decision transformer's window of tokens and the noise to sample from; the plan goes with the decision.
/// </summary>
public sealed class OnnxDiffusionPolicy : IBidPolicy, IRetirable, IDisposable
{
    private readonly OnnxDecisionTransformerPolicy _windows;

    /// <param name="inference">Owned from here on, unless this throws.</param>
    /// <param name="featureCacheBytes">As <see cref="ModelRegistryOptions.FeatureCacheBytes"/>.</param>
    /// <exception cref="ModelRefusedException">Reason Kind, Features or Shape: card, builder and graph do not fit.</exception>
    public OnnxDiffusionPolicy(ModelCard card, ModelInference inference, long featureCacheBytes = ModelRegistryOptions.DefaultFeatureCacheBytes)
    {
        if (card.Action != "logMultiplier") throw new ModelRefusedException(RefusalReason.Kind, $"a plan is read as a log multiplier, not as {card.Action}");
        _windows = new OnnxDecisionTransformerPolicy(card, inference, featureCacheBytes, new PlanTensors(inference));
    }

    public string Name => _windows.Name;

    public string Model => _windows.Model;

    public PolicyCadence Cadence => _windows.Cadence;

    public bool IsThreadSafe => true;

    public bool DecidesFromPrior => _windows.DecidesFromPrior;

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope) => _windows.Decide(inputs, decisions, scope);

    ModelInference IRetirable.Inference => ((IRetirable)_windows).Inference;

    public void Retire() => _windows.Retire();

    public void Dispose() => _windows.Dispose();
}
