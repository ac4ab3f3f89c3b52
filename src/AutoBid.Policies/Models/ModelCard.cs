using System.Text.Json;
using AutoBid.Policies.Priors;

namespace AutoBid.Policies.Models;

/// <summary>card.json of a model (design.md section 4): what it is, how to feed it, how it scored.</summary>
public sealed record ModelCard
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Policy name, such as gave: the folder it lies in.</summary>
    public required string Name { get; init; }

    public required int Version { get; init; }

    /// <summary>dt, diffusion or market.</summary>
    public required string Kind { get; init; }

    public required FeatureSpec Features { get; init; }

    /// <summary>Tokens of one input.</summary>
    public required int Window { get; init; }

    public required IReadOnlyList<TensorSpec> Inputs { get; init; }

    public required IReadOnlyList<TensorSpec> Outputs { get; init; }

    /// <summary>multiplier, logMultiplier or residualToMpc; none for a market: it samples what bids are chosen on.</summary>
    public required string Action { get; init; }

    public required IReadOnlyList<FileSpec> Files { get; init; }

    public required ParitySpec Parity { get; init; }

    public required ServingSpec Serving { get; init; }

    /// <summary>
    /// Of a market: the curve that its latents shift, where that is not the prior it was trained with but the same population at a known level and price.
    /// </summary>
    public PriorFile? Curve { get; init; }

    /// <summary>Milliseconds of one decision per device; null where not measured.</summary>
    public P99Spec? P99Ms { get; init; }

    /// <summary>SHA-256 by file: one that serves on several providers is there once.</summary>
    public IReadOnlyDictionary<string, string> Hashes => Files.DistinctBy(file => file.Path).ToDictionary(file => file.Path, file => file.Sha256);

    /// <exception cref="ModelRefusedException">Not JSON, a field missing or broken; reason Card.</exception>
    public static ModelCard Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            ModelCard card = JsonSerializer.Deserialize<ModelCard>(utf8, Json) ?? throw new ModelRefusedException(RefusalReason.Card, "card.json holds null");
            List<string> problems = card.Check();
            return problems.Count == 0 ? card : throw new ModelRefusedException(RefusalReason.Card, "card.json: " + string.Join("; ", problems));
        }
        catch (JsonException error)
        {
            throw new ModelRefusedException(RefusalReason.Card, $"card.json: {error.Message}", error);
        }
    }

    /// <summary>One sentence per broken rule; empty when the card can be used.</summary>
    public List<string> Check()
    {
        var problems = new List<string>();
        void Require(bool holds, string rule)
        {
            if (!holds) problems.Add(rule);
        }

        Require(Name.Length is >= 1 and <= 64 && Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '+'), "name needs 1 to 64 letters, digits, '-', '_' or '+'");
        Require(Version >= 1, "version must be at least 1");
        Require(Kind is "dt" or "diffusion" or "market", $"kind is '{Kind}', not dt, diffusion or market");
        Require(Window is >= 1 and <= 48, "window must lie in 1..48");
        if (Kind == "market") Require(Action == "none", $"action is '{Action}', not none: a market samples futures");
        else Require(Action is "multiplier" or "logMultiplier" or "residualToMpc", $"action is '{Action}', not multiplier, logMultiplier or residualToMpc");
        Require(Features.Mean.Length > 0 && Features.Mean.Length == Features.Std.Length, "features.mean and features.std need one number per column");
        Require(Features.Mean.All(float.IsFinite), "features.mean must be finite");
        Require(Features.Std.All(s => float.IsFinite(s) && s > 0), "features.std must be above 0");
        // Nulls among the elements are the one thing that the serializer does not refuse by itself.
        if (Files.Any(file => file is null) || Inputs.Concat(Outputs).Any(tensor => tensor is null))
        {
            problems.Add("files, inputs and outputs hold objects, not null");
            return problems;
        }

        Require(Files.Count > 0, "files is empty");
        Require(Files.GroupBy(file => file.Path).All(same => same.DistinctBy(file => file.Sha256).Count() == 1), "files: one file has two hashes");
        Require(Files.DistinctBy(file => (file.Path, file.Provider)).Count() == Files.Count, "files: one file is there twice for the same provider");
        Require(Inputs.Count > 0 && Outputs.Count > 0, "inputs and outputs must not be empty");
        foreach (FileSpec file in Files)
        {
            Require(file.Path.Length > 0 && Path.GetFileName(file.Path) == file.Path, $"files: '{file.Path}' must be a plain file name");
            Require(file.Sha256.Length == 64 && file.Sha256.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f'), $"files: sha256 of '{file.Path}' is not 64 lower-case hex digits");
            Require(file.Outputs is null || (file.Outputs.Length > 0 && file.Outputs.All(name => Outputs.Any(o => o.Name == name))), $"files: outputs of '{file.Path}' must be some of the card's");
            Require(file.Rtol is >= 0 and < 1 && file.Atol is >= 0 and < 1, $"files: rtol and atol of '{file.Path}' must lie in [0, 1)");
        }

        foreach (TensorSpec tensor in Inputs.Concat(Outputs))
        {
            Require(tensor.Dtype is "float32" or "int64", $"{tensor.Name}: dtype '{tensor.Dtype}' is not float32 or int64");
            Require(tensor.Shape.Length >= 1 && tensor.Shape[0] == -1 && tensor.Shape.Skip(1).All(n => n > 0), $"{tensor.Name}: shape must be -1 (batch), then sizes above 0");
        }

        Require(Inputs.Concat(Outputs).DistinctBy(t => t.Name).Count() == Inputs.Count + Outputs.Count, "two tensors have the same name");
        Require(Parity.N >= 1 && Path.GetFileName(Parity.File) == Parity.File && Parity.File.Length > 0, "parity needs a plain file name and n of at least 1");
        Require(P99Ms is not { Cpu1: <= 0 } and not { H100: <= 0 }, "p99Ms must be above 0, or null where it was not measured");
        Require(double.IsFinite(Serving.E), "serving.e must be finite");
        Require(Serving.Smoothing is >= 0 and < 1, "serving.smoothing must lie in [0, 1)");
        if (Curve is not null) Require(Kind == "market", "only a market has a curve");
        try
        {
            Curve?.ToPrior();
        }
        catch (PriorFileException error)
        {
            problems.Add($"curve: {error.Message}");
        }

        return problems;
    }

    /// <summary>The feature builder and its z-score statistics, one per column.</summary>
    public sealed record FeatureSpec(string Name, int Version, float[] Mean, float[] Std);

    /// <summary>A tensor of the graph; shape with -1 for the batch.</summary>
    public sealed record TensorSpec(string Name, string Dtype, int[] Shape);

    /// <summary>
    /// A graph file for one provider, with the tolerance of its parity. A file may answer with some of the card's outputs only; flop is what one row
    /// costs at least, multiplications and additions.
    /// </summary>
    public sealed record FileSpec(string Path, string Sha256, string Precision, string Provider, double Rtol, double Atol, string[]? Outputs = null, double? Flop = null);

    /// <summary>Inputs and expected outputs of n rows.</summary>
    public sealed record ParitySpec(string File, int N);

    /// <summary>
    /// How it is asked: e is the condition; smoothing is the share of the last log multiplier that stays; priorSha256 names the population prior
    /// of its training data. That is where it comes from, not what it needs: features are made from whatever prior the account has.
    /// </summary>
    public sealed record ServingSpec(double E, double Smoothing = 0, string? PriorSha256 = null);

    /// <summary>p99 of one decision in milliseconds.</summary>
    public sealed record P99Spec(double? Cpu1 = null, double? H100 = null);
}
