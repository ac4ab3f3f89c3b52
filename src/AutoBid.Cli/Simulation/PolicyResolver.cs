using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;

namespace AutoBid.Cli.Simulation;

/// <summary>Finds a policy by the name campaigns use: one of the built-in ones, else the live model of that name in a registry.</summary>
internal sealed class PolicyResolver : IDisposable
{
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelRegistry _registry;
    private readonly List<string> _refused = [];

    /// <param name="models">Folder of the registry; may be missing.</param>
    public PolicyResolver(string models, string device = "cpu")
    {
        _registry = new ModelRegistry(models, new ModelRegistryOptions { Device = device }, _metrics);
        _registry.Refused += (name, version, error) => _refused.Add($"{name}/{version}: {error.Message}");
    }

    /// <summary>Names of the built-in policies, ordinal order.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } =
        ["constant", "min-pacing", "min-pacing-recent", "mpc", "mpc-recent", "online-lp", "pid", "pid-benchmark", "truthful"];

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

        _registry.Reload();
        return _registry.Live.FirstOrDefault(model => model.Name == name)?.Policy;
    }

    /// <exception cref="CommandException">There is no such policy, or its model may not serve.</exception>
    public IBidPolicy Find(string name)
    {
        if (TryFind(name) is { } policy) return policy;
        string why = _refused.LastOrDefault(line => line.StartsWith(name + "/", StringComparison.Ordinal)) is { } refused ? $" ({refused})" : "";
        throw new CommandException($"--policy: '{name}' is none of {string.Join(", ", BuiltIn)}, and no model of that name may serve{why}", CommandException.Usage);
    }

    public void Dispose()
    {
        _registry.Dispose();
        _metrics.Dispose();
    }
}
