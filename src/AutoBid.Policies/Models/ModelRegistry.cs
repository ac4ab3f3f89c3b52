using System.Collections.Immutable;
using System.Globalization;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.DecisionTransformer;
using AutoBid.Policies.Diffusion;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Inference.Cuda;
using AutoBid.Policies.Market;

namespace AutoBid.Policies.Models;

/// <summary>
/// The models under <c>root/policy/version/</c>. A version serves only after its hashes, shapes and parity hold; exactly one per policy serves, and
/// changing it is one reference write: decisions that run meanwhile finish on the model they began with.
/// </summary>
public sealed class ModelRegistry : ILiveModels, IDisposable
{
    private readonly string _root;
    private readonly ModelRegistryOptions _options;
    private readonly PolicyMetrics _metrics;
    private readonly SessionOpener _open;
    private readonly TimeProvider _monotonic;
    private readonly Lock _gate = new();
    private readonly List<ModelRefusal> _refusing = [];
    private ImmutableArray<LiveModel> _live = [];
    private ImmutableArray<ModelRefusal> _refusals = [];

    /// <param name="root">policies/models; may be missing: no model serves.</param>
    /// <param name="monotonic">Clock of deadlines.</param>
    /// <param name="open">Null: ONNX Runtime.</param>
    public ModelRegistry(string root, ModelRegistryOptions options, PolicyMetrics metrics, TimeProvider monotonic, SessionOpener? open = null)
    {
        if (options.Device is not ("cpu" or "cuda")) throw new ArgumentException($"The device is '{options.Device}', not cpu or cuda.", nameof(options));
        _root = root;
        _options = options;
        _metrics = metrics;
        _monotonic = monotonic;
        _open = open ?? (static (model, accelerator) => accelerator is null ? OnnxSession.Open(model) : CudaSession.Open(model, accelerator.Ordinal));
        Accelerators = options.Device == "cpu" ? [] : [.. options.Accelerators.Select(static (ordinal, index) => new Accelerator(index, ordinal))];
        metrics.Inference.Watch(Accelerators);
    }

    /// <summary>The logical devices that models run on; empty on the CPU.</summary>
    public ImmutableArray<Accelerator> Accelerators { get; }


    /// <summary>Called with policy, version and error for each model refused at load, for the host's log.</summary>
    public event Action<string, string, ModelRefusedException>? Refused;

    // An ImmutableArray is one reference: a reader sees the old set or the new one.
    public ImmutableArray<LiveModel> Live => _live;

    public ImmutableArray<ModelRefusal> Refusals => _refusals;

    /// <summary>
    /// Brings the live set in line with the folder. A version that is refused does not replace one that serves. A replaced model
    /// finishes the decisions that run on it, and then gives back what it holds.
    /// </summary>
    public void Reload()
    {
        lock (_gate)
        {
            _refusing.Clear();
            var next = ImmutableArray.CreateBuilder<LiveModel>();
            foreach (string name in Policies())
            {
                LiveModel? serving = Serving(name);
                if (Choose(name, serving) is { } model) next.Add(model);
            }

            GoLive(next.ToImmutable());
        }
    }

    /// <summary>Makes a version live after all its checks, and remembers it in live.json.</summary>
    /// <exception cref="ModelRefusedException">It may not serve; nothing changed.</exception>
    public void Promote(string name, string version)
    {
        lock (_gate)
        {
            LiveModel? serving = Serving(name);
            LiveModel model = LoadCounted(name, version, serving);
            string folder = Path.Combine(_root, name);
            string? previous = serving?.Version == version ? LiveFile.Read(folder)?.Previous : serving?.Version;
            new LiveFile(version, previous).Write(folder);
            Swap(model);
        }
    }

    /// <summary>Loads a version after all its checks and leaves what serves as it is. The caller disposes of its policy, unless it is the one that serves.</summary>
    /// <exception cref="ModelRefusedException">It may not serve.</exception>
    public LiveModel Find(string name, string version)
    {
        lock (_gate) return LoadCounted(name, version, Serving(name));
    }

    /// <summary>Makes the version live that served before the last promotion.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    /// <exception cref="ModelRefusedException">It may no longer serve; nothing changed.</exception>
    public void Rollback(string name)
    {
        lock (_gate)
        {
            string? previous = Directory.Exists(Path.Combine(_root, name)) ? LiveFile.Read(Path.Combine(_root, name))?.Previous : null;
            if (previous is null) throw new InvalidOperationException($"{name} has no earlier version to go back to");
            Promote(name, previous);
        }
    }

    /// <summary>Opens a version that is to be judged, with every check but that of its verdict. It does not go live; its policy is the caller's to dispose.</summary>
    /// <exception cref="ModelRefusedException">It could not serve whatever its verdict.</exception>
    public LiveModel Examine(string name, string version) => Load(name, version, serving: null, judged: false);

    /// <summary>Every version in the folder. Hashes are checked, graphs are not opened.</summary>
    public IReadOnlyList<ModelListing> List()
    {
        var listing = new List<ModelListing>();
        foreach (string name in Policies())
        {
            foreach (string version in Versions(name))
            {
                bool live = Serving(name)?.Version == version;
                try
                {
                    ModelFolder folder = ModelFolder.Read(Path.Combine(_root, name, version), name, version);
                    listing.Add(new ModelListing(
                        name, version, folder.Verdict, live, folder.Verdict == Verdict.Refused ? RefusalReason.Gate : null, folder.Reason));
                }
                catch (ModelRefusedException error)
                {
                    listing.Add(new ModelListing(name, version, null, live, error.Reason, error.Message));
                }
            }
        }

        return listing;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (LiveModel model in _live) (model.Policy as IDisposable)?.Dispose();
            _live = [];
        }
    }

    private LiveModel? Choose(string name, LiveModel? serving)
    {
        string? pinned;
        try
        {
            pinned = LiveFile.Read(Path.Combine(_root, name))?.Live;
        }
        catch (ModelRefusedException error)
        {
            Report(name, "live.json", error);
            return Kept(name, serving);
        }

        // A version that nobody has judged yet must not take the place of one that has beaten the rest: the best verdict first, of equals the newest.
        IEnumerable<string> versions = pinned is null ? Versions(name).OrderByDescending(version => Standing(name, version)) : [pinned];
        foreach (string version in versions)
        {
            try
            {
                return LoadCounted(name, version, serving);
            }
            catch (ModelRefusedException)
            {
                // Counted; the next older one may do.
            }
        }

        return Kept(name, serving);
    }

    /// <summary>What serves goes on serving when nothing else may, whatever became of its folder, but for what the gate has refused meanwhile.</summary>
    private LiveModel? Kept(string name, LiveModel? serving)
    {
        if (serving is null) return null;
        try
        {
            ModelFolder folder = ModelFolder.Read(Path.Combine(_root, name, serving.Version), name, serving.Version);
            if (folder.CardSha256 != serving.CardSha256) return serving;
            return folder.Verdict == Verdict.Refused ? null : serving with { Verdict = folder.Verdict, Reason = folder.Reason };
        }
        catch (ModelRefusedException)
        {
            return serving;
        }
    }

    // What cannot serve stands first: it is refused, and counted, before another is found.
    private Verdict Standing(string name, string version)
    {
        try
        {
            return ModelFolder.Read(Path.Combine(_root, name, version), name, version).Verdict;
        }
        catch (ModelRefusedException)
        {
            return Verdict.Refused;
        }
    }

    private LiveModel LoadCounted(string name, string version, LiveModel? serving)
    {
        try
        {
            return Load(name, version, serving);
        }
        catch (ModelRefusedException error)
        {
            Report(name, version, error);
            throw;
        }
    }

    private LiveModel Load(string name, string version, LiveModel? serving, bool judged = true)
    {
        if (name != Path.GetFileName(name) || version != Path.GetFileName(version) || !Directory.Exists(Path.Combine(_root, name, version)))
            throw new ModelRefusedException(RefusalReason.Card, $"there is no model {name}/{version}");
        ModelFolder folder = ModelFolder.Read(Path.Combine(_root, name, version), name, version, judged);
        if (folder.Verdict == Verdict.Refused) throw new ModelRefusedException(RefusalReason.Gate, $"the gate refused it: {folder.Reason}");
        // The card names the hash of every file, so the same card is the same model: only its verdict can have changed.
        if (serving is not null && serving.Version == version && serving.CardSha256 == folder.CardSha256) return serving with { Verdict = folder.Verdict, Reason = folder.Reason };
        CheckServing(folder.Card);
        ModelInference inference = Open(folder);
        try
        {
            IBidPolicy policy = folder.Card.Kind switch
            {
                "diffusion" => new OnnxDiffusionPolicy(folder.Card, inference, _options.FeatureCacheBytes),
                "market" => new OnnxMarketPolicy(folder.Card, inference),
                _ => new OnnxDecisionTransformerPolicy(folder.Card, inference, _options.FeatureCacheBytes),
            };
            return new LiveModel(name, version, folder.Verdict, folder.CardSha256, policy) { Reason = folder.Reason };
        }
        catch
        {
            inference.Dispose();
            throw;
        }
    }

    /// <summary>The file for this device in its slots, and the CPU's behind it for when the device is lost.</summary>
    private ModelInference Open(ModelFolder folder)
    {
        ModelCard.FileSpec? onCpu = FileOf(folder.Card, "cpu");
        if (_options.Device == "cpu") return new ModelInference(null, OpenSlots(folder, onCpu ?? throw NoFile("cpu"), new Accelerator?[_options.CpuSlots]), _monotonic, _metrics.Inference);

        // Every slot of a device before the next device's: a refused model fails early.
        Accelerator?[] slots = [.. Accelerators.Where(a => !a.IsLost).SelectMany(a => Enumerable.Repeat(a, _options.SlotsPerDevice))];
        InferenceBatcher? accelerated = slots.Length == 0 ? null : OpenSlots(folder, FileOf(folder.Card, _options.Device) ?? onCpu ?? throw NoFile(_options.Device), slots);
        try
        {
            if (accelerated is null && onCpu is null) throw new ModelRefusedException(RefusalReason.Session, "every device is lost, and it has no file for the CPU");
            InferenceBatcher? behind = onCpu is null ? null : OpenSlots(folder, onCpu, new Accelerator?[_options.CpuSlots]);
            if (accelerated is not null && behind is not null && !accelerated.Inputs.Select(t => t.Name).SequenceEqual(behind.Inputs.Select(t => t.Name)))
            {
                behind.Dispose();
                throw new ModelRefusedException(RefusalReason.Shape, "the graphs of its files take their inputs in different orders");
            }

            return new ModelInference(accelerated, behind, _monotonic, _metrics.Inference);
        }
        catch
        {
            accelerated?.Dispose();
            throw;
        }
    }

    private InferenceBatcher OpenSlots(ModelFolder folder, ModelCard.FileSpec file, IReadOnlyList<Accelerator?> slots)
    {
        byte[] model = folder.Load(file);
        try
        {
            return InferenceBatcher.Open(folder.Card.Name, slots, accelerator => _open(model, accelerator), session => Check(folder, file, session), _options.Batcher, _monotonic, _metrics.Inference);
        }
        catch (InferenceException error) when (error.Fault == InferenceFault.OutOfMemory)
        {
            throw new ModelRefusedException(RefusalReason.Memory, $"there is no room for it on the device: {error.Message}", error);
        }
        catch (Exception error) when (error is not ModelRefusedException)
        {
            throw new ModelRefusedException(RefusalReason.Session, $"the graph cannot be opened: {error.Message}", error);
        }
    }

    private static void Check(ModelFolder folder, ModelCard.FileSpec file, IInferenceSession session)
    {
        CheckShapes("input", folder.Card.Inputs, session.Inputs);
        CheckShapes("output", [.. folder.Card.Outputs.Where(tensor => file.Outputs?.Contains(tensor.Name) != false)], session.Outputs);
        try
        {
            ParityCheck.Run(folder.Card, file, folder.Path, session);
        }
        catch (InferenceException error) when (error.Fault != InferenceFault.OutOfMemory)
        {
            throw new ModelRefusedException(RefusalReason.Session, error.Message, error);
        }
    }

    private static ModelCard.FileSpec? FileOf(ModelCard card, string provider) => card.Files.FirstOrDefault(file => file.Provider == provider);

    private static ModelRefusedException NoFile(string device) => new(RefusalReason.Card, $"files has none for {device}");

    private void CheckServing(ModelCard card)
    {
        double? p99 = _options.Device == "cuda" ? card.P99Ms?.H100 : card.P99Ms?.Cpu1;
        if (p99 > _options.DeadlineMs)
            throw new ModelRefusedException(RefusalReason.Deadline, string.Create(CultureInfo.InvariantCulture, $"its card states a p99 of {p99} ms a decision on {_options.Device}, the deadline here is {_options.DeadlineMs} ms"));
    }

    private static void CheckShapes(string what, IReadOnlyList<ModelCard.TensorSpec> card, IReadOnlyList<SessionTensor> graph)
    {
        foreach (SessionTensor tensor in graph)
        {
            ModelCard.TensorSpec named = card.FirstOrDefault(t => t.Name == tensor.Name)
                ?? throw new ModelRefusedException(RefusalReason.Shape, $"the graph's {what} {tensor.Name} is not on the card");
            if (named.Dtype != tensor.Dtype || !named.Shape.Skip(1).SequenceEqual(tensor.Shape.Skip(1)))
            {
                throw new ModelRefusedException(
                    RefusalReason.Shape,
                    $"{what} {tensor.Name} is {tensor.Dtype}[{string.Join(", ", tensor.Shape)}] in the graph, {named.Dtype}[{string.Join(", ", named.Shape)}] on the card");
            }
        }

        if (card.FirstOrDefault(t => graph.All(g => g.Name != t.Name)) is { } missing)
            throw new ModelRefusedException(RefusalReason.Shape, $"the graph has no {what} {missing.Name}");
    }

    private void Swap(LiveModel model)
    {
        _refusing.RemoveAll(refusal => refusal.Name == model.Name && refusal.Version == model.Version);
        GoLive([.. _live.Where(m => m.Name != model.Name).Append(model).OrderBy(m => m.Name, StringComparer.Ordinal)]);
    }

    private string? Preferred()
    {
        try
        {
            return PreferenceFile.Read(_root)?.Policy;
        }
        catch (ModelRefusedException error)
        {
            // The models serve all the same; which of them stands first is then the names' order.
            Report(PreferenceFile.Name, "-", error);
            return null;
        }
    }

    private void GoLive(ImmutableArray<LiveModel> next)
    {
        ImmutableArray<LiveModel> before = _live;
        string? preferred = Preferred();
        _refusals = [.. _refusing];
        _live = [.. next.Select(model => model with { IsPreferred = model.Name == preferred })];
        foreach (LiveModel old in before)
        {
            if (next.All(model => !ReferenceEquals(model.Policy, old.Policy))) (old.Policy as IRetirable)?.Retire();
        }
    }

    private void Report(string name, string version, ModelRefusedException error)
    {
        _refusing.RemoveAll(refusal => refusal.Name == name && refusal.Version == version);
        _refusing.Add(new ModelRefusal(name, version, error.Reason, OneLine.Of(error.Message)));
        _metrics.Refused(error.Reason.ToString().ToLowerInvariant());
        Refused?.Invoke(name, version, error);
    }

    private LiveModel? Serving(string name) => _live.FirstOrDefault(model => model.Name == name);

    private IEnumerable<string> Policies() => Directory.Exists(_root) ? Names(_root).Order(StringComparer.Ordinal) : [];

    /// <summary>Newest first.</summary>
    private IEnumerable<string> Versions(string name)
        => Names(Path.Combine(_root, name)).OrderByDescending(v => int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : -1).ThenByDescending(v => v, StringComparer.Ordinal);

    private static IEnumerable<string> Names(string folder) => Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith('.'));
}
