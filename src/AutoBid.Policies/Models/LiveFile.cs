using System.Text.Json;

namespace AutoBid.Policies.Models;

/// <summary>live.json beside the versions of a policy: which one serves, and which did before. Absent: the newest that passes its checks.</summary>
internal sealed record LiveFile(string Live, string? Previous)
{
    /// <summary>Null when absent.</summary>
    /// <exception cref="ModelRefusedException">Reason Card: it cannot be read.</exception>
    public static LiveFile? Read(string policyFolder) => RegistryFile.Read<LiveFile>(Path.Combine(policyFolder, "live.json"), file => file.Live, "version");

    public void Write(string policyFolder)
    {
        string path = Path.Combine(policyFolder, "live.json");
        File.WriteAllBytes(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(this, RegistryFile.Json));
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
