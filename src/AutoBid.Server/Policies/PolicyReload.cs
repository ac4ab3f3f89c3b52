using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;

namespace AutoBid.Server.Policies;

/// <summary>Takes up what lies in the model registry's folder, at the start and when asked to, and says each time what campaigns without a policy then run under.</summary>
public sealed class PolicyReload
{
    private readonly ModelRegistry _registry;
    private readonly PolicyCatalog _policies;
    private readonly ILogger<PolicyReload> _logger;

    public PolicyReload(ModelRegistry registry, PolicyCatalog policies, ILogger<PolicyReload> logger)
    {
        _registry = registry;
        _policies = policies;
        _logger = logger;
        registry.Refused += (name, version, error) => logger.LogWarning("model {Model} is refused: {Message}", $"{name}/{version}", error.Message);
    }

    /// <summary>Decisions that run meanwhile finish on the model they began with; a version that is refused replaces none that serves.</summary>
    public void Run()
    {
        _registry.Reload();
        _logger.LogInformation("{Policy}", _policies.Describe(null));
    }
}
