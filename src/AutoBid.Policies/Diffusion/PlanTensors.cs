using AutoBid.Core.Time;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Diffusion;

/// <summary>The noise that a planning graph samples from, and the plan that it answers.</summary>
internal sealed class PlanTensors : IWindowAddition
{
    /// <summary>Of a step of a plan: share of the budget, value x reference / budget, log price, log multiplier.</summary>
    private const int Channels = 4;

    private const string Plan = "plan";
    private const string Promise = "promise";

    private readonly int _noise, _length;

    /// <exception cref="ModelRefusedException">Reason Shape: not the tensors of a planning graph.</exception>
    public PlanTensors(ModelInference inference)
    {
        _noise = Find(inference.Inputs, "noise");
        SessionTensor noise = inference.Inputs[_noise];
        if (noise.Dtype != "float32" || noise.Shape.Length != 4 || noise.Shape[1] < 1 || noise.Shape[2] != StepClock.StepsPerDay || noise.Shape[3] != Channels)
            throw Refuse($"input noise is {noise.Dtype}[{string.Join(", ", noise.Shape)}], not float32[-1, samples, {StepClock.StepsPerDay}, {Channels}]");
        foreach (IReadOnlyList<SessionTensor> outputs in inference.Outputs)
        {
            SessionTensor plan = outputs[Find(outputs, Plan)];
            if (!plan.Shape.Skip(1).SequenceEqual([StepClock.StepsPerDay, Channels]))
                throw Refuse($"output plan is [{string.Join(", ", plan.Shape)}], not [-1, {StepClock.StepsPerDay}, {Channels}]");
            if (outputs[Find(outputs, Promise)].RowLength != 1) throw Refuse("output promise must be one number per row");
        }

        _length = noise.RowLength;
    }

    public int Inputs => 1;

    public void Fill(InferenceRequest request, int row, in PolicyInput input, ulong seed)
        => PlanNoise.Fill(request.Floats(_noise).Slice(row * _length, _length), input.CampaignId, input.Day, input.Trajectory.Closed, seed);

    /// <summary>Null where the graph answered something that is not finite: its multiplier is the guard's business, a plan like that is nobody's.</summary>
    public DayPlan? PlanOf(InferenceBatcher batcher, InferenceRequest request, int row, in PolicyInput input)
    {
        int first = input.Trajectory.Closed, steps = StepClock.StepsPerDay - first;
        ReadOnlySpan<float> plan = request.Output(batcher.IndexOfOutput(Plan)).Slice((row * StepClock.StepsPerDay + first) * Channels, steps * Channels);
        var spend = new float[steps];
        var value = new float[steps];
        for (int k = 0; k < steps; k++)
        {
            (spend[k], value[k]) = (plan[k * Channels], plan[k * Channels + 1]);
            if (!float.IsFinite(spend[k]) || !float.IsFinite(value[k])) return null;
        }

        return new DayPlan(first, spend, value, request.Output(batcher.IndexOfOutput(Promise))[row]);
    }

    private static int Find(IReadOnlyList<SessionTensor> tensors, string name)
    {
        int index = tensors.IndexOf(name);
        return index >= 0 ? index : throw Refuse($"the graph has no {name}");
    }

    private static ModelRefusedException Refuse(string message) => new(RefusalReason.Shape, message);
}
