namespace AutoBid.Policies.Models;

/// <summary>default.json in a registry: the policy that campaigns without one run under where several models have earned it.</summary>
internal sealed record PreferenceFile(string Policy)
{
    public const string Name = "default.json";

    /// <summary>Null when absent.</summary>
    /// <exception cref="ModelRefusedException">Reason Card: it cannot be read.</exception>
    public static PreferenceFile? Read(string registry) => RegistryFile.Read<PreferenceFile>(Path.Combine(registry, Name), file => file.Policy, "policy");
}
