using System.Security.Cryptography;
using System.Text;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Ensemble;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;

namespace AutoBid.Cli.Simulation;

/// <summary>
/// Finds a policy by the name campaigns use: one of the built-in ones, else the live model of that name in a registry. <c>gave/2</c> is that version, live or
/// not; <c>gave@FOLDER</c> and <c>gave/2@FOLDER</c> are of another registry. <c>ensemble</c> and <c>ensemble@FOLDER</c> are of the models that are live there.
/// </summary>
internal sealed class PolicyResolver : IDisposable
{
    private readonly PolicyMetrics _metrics = new();
    private readonly string _models;
    private readonly string _device;
    private readonly int _threads;
    private readonly Dictionary<string, ModelRegistry> _registries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LiveModel> _versions = new(StringComparer.Ordinal);
    private readonly Dictionary<IBidPolicy, string> _cards = new(ReferenceEqualityComparer.Instance);
    private readonly List<string> _refused = [];

    /// <param name="models">Folder of the registry; may be missing.</param>
    /// <param name="threads">That ask beside each other: so many runs of a model on the CPU.</param>
    public PolicyResolver(string models, string device = "cpu", int threads = 1)
    {
        _threads = threads;
        _models = models;
        _device = device;
    }

    /// <summary>Names of the built-in policies, ordinal order.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } =
        ["constant", "ensemble", "min-pacing", "min-pacing-recent", "mpc", "mpc-recent", "online-lp", "pid", "pid-benchmark", "truthful"];

    /// <summary>A policy by name; null when there is no such policy, or its model may not serve.</summary>
    public IBidPolicy? TryFind(string name)
    {
        switch (name)
        {
            case "constant": return new ConstantPolicy();
            case "truthful": return new ConstantPolicy(1, "truthful");
            case "pid": return new PidPolicy();
            case "pid-benchmark": return new PidPolicy(PidOptions.Benchmark, "pid-benchmark");
            case "mpc": return new MpcPolicy();
            case "mpc-recent": return MpcPolicy.Recent;
            case "min-pacing": return MpcPolicy.MinPacing;
            case "min-pacing-recent": return MpcPolicy.RecentMinPacing;
            case "online-lp": return new OnlineLpPolicy();
        }

        if (name.Split('@', 2) is [EnsemblePolicy.PolicyName, ..] ensemble) return EnsembleOf(RegistryOf(ensemble.Length == 2 ? ensemble[1] : _models));
        if (FindModel(name) is not { } model) return null;
        _cards[model.Policy] = OnDevice(model.CardSha256);
        return model.Policy;
    }

    /// <summary>SHA-256 of a found model's card, which names the hash of every file, and the device where that is not the CPU; null for policies without a model.</summary>
    public string? CardOf(IBidPolicy policy) => _cards.GetValueOrDefault(policy);

    /// <exception cref="CommandException">There is no such policy, or its model may not serve.</exception>
    public IBidPolicy Find(string name)
    {
        if (TryFind(name) is { } policy) return policy;
        string[] parts = name.Split('/', '@');
        string why = name.Split('@', 2) is [_, var folder] && !Directory.Exists(folder) ? $" (there is no folder '{folder}')"
            : _refused.LastOrDefault(line => line.StartsWith(parts[0] + "/", StringComparison.Ordinal)) is { } refused ? $" ({refused})" : "";
        throw new CommandException($"--policy: '{name}' is none of {string.Join(", ", BuiltIn)}, and no model of that name may serve{why}", CommandException.Usage);
    }

    public void Dispose()
    {
        foreach (LiveModel model in _versions.Values) (model.Policy as IDisposable)?.Dispose();
        foreach (ModelRegistry registry in _registries.Values) registry.Dispose();
        _metrics.Dispose();
    }

    private EnsemblePolicy EnsembleOf(ModelRegistry registry)
    {
        registry.Reload();
        var ensemble = new EnsemblePolicy(registry);
        // The models that it is made of now stand for it, each card under its own hash.
        byte[] cards = Encoding.UTF8.GetBytes(string.Join('\n', ensemble.Members.Select(model => model.CardSha256)));
        if (cards.Length > 0) _cards[ensemble] = OnDevice(Convert.ToHexStringLower(SHA256.HashData(cards)));
        return ensemble;
    }

    /// <summary>Another device's file answers with other bits: its results are another evaluation's.</summary>
    private string OnDevice(string card) => _device == "cpu" ? card : $"{card}@{_device}";

    private LiveModel? FindModel(string name)
    {
        string[] at = name.Split('@', 2), parts = at[0].Split('/', 2);
        ModelRegistry registry = RegistryOf(at.Length == 2 ? at[1] : _models);
        if (parts.Length == 1)
        {
            registry.Reload();
            return registry.Live.FirstOrDefault(model => model.Name == parts[0]);
        }

        if (_versions.TryGetValue(name, out LiveModel? found)) return found;
        try
        {
            return _versions[name] = registry.Find(parts[0], parts[1]);
        }
        catch (ModelRefusedException)
        {
            // Reported by the registry; Find says why.
            return null;
        }
    }

    private ModelRegistry RegistryOf(string folder)
    {
        if (_registries.TryGetValue(folder, out ModelRegistry? known)) return known;
        var registry = new ModelRegistry(folder, new ModelRegistryOptions { Device = _device, CpuSlots = _threads }, _metrics, TimeProvider.System);
        registry.Refused += (name, version, error) => _refused.Add($"{name}/{version}: {error.Message}");
        return _registries[folder] = registry;
    }
}
