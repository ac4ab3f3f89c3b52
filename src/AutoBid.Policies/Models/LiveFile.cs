using System.Text.Json;

namespace AutoBid.Policies.Models;

/// <summary>live.json beside the versions of a policy: which one serves, and which did before. Absent: the newest that passes its checks.</summary>
internal sealed record LiveFile(string Live, string? Previous)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Null when absent.</summary>
    /// <exception cref="ModelRefusedException">Reason Card: it cannot be read.</exception>
    public static LiveFile? Read(string policyFolder)
    {
        string path = Path.Combine(policyFolder, "live.json");
        if (!File.Exists(path)) return null;
        try
        {
            LiveFile? file = JsonSerializer.Deserialize<LiveFile>(File.ReadAllBytes(path), Json);
            return string.IsNullOrEmpty(file?.Live) ? throw new ModelRefusedException(RefusalReason.Card, "live.json names no version") : file;
        }
        catch (Exception error) when (error is JsonException or IOException)
        {
            throw new ModelRefusedException(RefusalReason.Card, $"live.json: {error.Message}", error);
        }
    }

    public void Write(string policyFolder)
    {
        string path = Path.Combine(policyFolder, "live.json");
        File.WriteAllBytes(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(this, Json));
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
