using System.Text.Json;

namespace AutoBid.Policies.Models;

/// <summary>Small JSON files that stand beside the models and say which of them serve.</summary>
internal static class RegistryFile
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Null when absent.</summary>
    /// <param name="name">What the file must name.</param>
    /// <param name="what">What that is, for the error.</param>
    /// <exception cref="ModelRefusedException">Reason Card: it cannot be read, or does not name it.</exception>
    public static T? Read<T>(string path, Func<T, string?> name, string what)
        where T : class
    {
        if (!File.Exists(path)) return null;
        string file = Path.GetFileName(path);
        try
        {
            T? read = JsonSerializer.Deserialize<T>(File.ReadAllBytes(path), Json);
            return read is null || string.IsNullOrEmpty(name(read)) ? throw new ModelRefusedException(RefusalReason.Card, $"{file} names no {what}") : read;
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException(RefusalReason.Card, $"{file}: {error.Message}", error);
        }
    }
}
