using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace AutoBid.Policies.Tests.Testing;

/// <summary>Puts the committed tiny models into a registry's folder, with a verdict that holds.</summary>
internal static class ModelFiles
{
    private static string Source { get; } = Path.Combine(AppContext.BaseDirectory, "Models");

    /// <param name="version">On the card; null: the folder's.</param>
    /// <param name="reason">Of the verdict; null: it has none.</param>
    /// <returns>The version's folder.</returns>
    public static string Install(string root, string name, string folderVersion = "1", string verdict = "usable", int? version = null, string? reason = null)
    {
        string folder = Path.Combine(root, name, folderVersion);
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.GetFiles(Path.Combine(Source, name))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        Edit(folder, card => card["version"] = version ?? int.Parse(folderVersion, System.Globalization.CultureInfo.InvariantCulture), verdict: verdict, reason: reason);
        return folder;
    }

    /// <param name="judge">False: the verdict stays that of the card before.</param>
    public static void Edit(string folder, Action<JsonNode> edit, bool judge = true, string verdict = "usable", string? reason = null)
    {
        string path = Path.Combine(folder, "card.json");
        JsonNode card = JsonNode.Parse(File.ReadAllBytes(path))!;
        edit(card);
        File.WriteAllText(path, card.ToJsonString());
        if (judge) Judge(folder, verdict, reason);
    }

    public static void Judge(string folder, string verdict, JsonNode? reason = null)
    {
        var file = new JsonObject
        {
            ["cardSha256"] = Hash(Path.Combine(folder, "card.json")),
            ["files"] = new JsonObject { ["model.onnx"] = Hash(Path.Combine(folder, "model.onnx")) },
            ["verdict"] = verdict,
            // What the registry does not know does not bother it.
            ["gate"] = new JsonObject { ["seed"] = 20_001 },
        };
        if (reason is not null) file["reason"] = reason;
        File.WriteAllText(Path.Combine(folder, "verdict.json"), file.ToJsonString());
    }

    public static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));
}
