using System.Text.Json;

namespace AutoBid.Policies.Models;

/// <summary>default.json in a registry: the policy that campaigns without one run under where several models have earned it.</summary>
internal sealed record PreferenceFile(string Policy)
{
    public const string Name = "default.json";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Null when absent.</summary>
    /// <exception cref="ModelRefusedException">Reason Card: it cannot be read.</exception>
    public static PreferenceFile? Read(string registry)
    {
        string path = Path.Combine(registry, Name);
        if (!File.Exists(path)) return null;
        try
        {
            PreferenceFile? file = JsonSerializer.Deserialize<PreferenceFile>(File.ReadAllBytes(path), Json);
            return string.IsNullOrEmpty(file?.Policy) ? throw new ModelRefusedException(RefusalReason.Card, $"{Name} names no policy") : file;
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new ModelRefusedException(RefusalReason.Card, $"{Name}: {error.Message}", error);
        }
    }
}
