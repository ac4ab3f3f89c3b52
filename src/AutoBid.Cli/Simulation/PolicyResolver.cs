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

    /// <exception cref="CommandException">There is no such policy, or its model may not serve.</exception>
    public IBidPolicy Find(string name)
    {
        switch (name)
        {
            case "constant": return new ConstantPolicy();
            case "pid": return new PidPolicy();
            case "mpc": return new MpcPolicy();
        }

        _registry.Reload();
        if (_registry.Live.FirstOrDefault(model => model.Name == name) is { } live) return live.Policy;
        string why = _refused.LastOrDefault(line => line.StartsWith(name + "/", StringComparison.Ordinal)) is { } refused ? $" ({refused})" : "";
        throw new CommandException($"--policy: '{name}' is none of constant, mpc, pid, and no model of that name may serve{why}", CommandException.Usage);
    }

    public void Dispose()
    {
        _registry.Dispose();
        _metrics.Dispose();
    }
}
