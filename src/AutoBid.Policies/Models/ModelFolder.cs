using System.Security.Cryptography;
using System.Text.Json;

namespace AutoBid.Policies.Models;

/// <summary>A version's folder: card, verdict and files, read and checked against each other's hashes.</summary>
internal sealed class ModelFolder
{
    private ModelFolder(string path, ModelCard card, string cardSha256, Verdict verdict, string reason)
    {
        Path = path;
        Card = card;
        CardSha256 = cardSha256;
        Verdict = verdict;
        Reason = reason;
    }

    public string Path { get; }

    public ModelCard Card { get; }

    public string CardSha256 { get; }

    public Verdict Verdict { get; }

    /// <summary>What the gate said beside the verdict, in one line; may be empty.</summary>
    public string Reason { get; }

    /// <summary>Reads card and verdict and checks every hash.</summary>
    /// <param name="judged">False: for a gate that is about to judge it; what verdict.json says, if there is one, does not matter.</param>
    /// <exception cref="ModelRefusedException">Reason Card, Verdict or Hash.</exception>
    public static ModelFolder Read(string path, string name, string version, bool judged = true)
    {
        byte[] cardBytes = Bytes(path, "card.json", RefusalReason.Card);
        ModelCard card = ModelCard.Parse(cardBytes);
        if (card.Name != name || card.Version.ToString(System.Globalization.CultureInfo.InvariantCulture) != version)
            throw new ModelRefusedException(RefusalReason.Card, $"card.json is of {card.Name}/{card.Version} but lies in {name}/{version}");

        string cardSha256 = Hash(cardBytes);
        (Verdict verdict, string reason) = (Verdict.Provisional, "");
        Dictionary<string, string>? files = null;
        if (judged) verdict = ReadVerdict(path, cardSha256, out reason, out files);
        foreach (ModelCard.FileSpec file in card.Files)
        {
            string actual = Hash(Bytes(path, file.Path, RefusalReason.Hash));
            if (actual != file.Sha256) throw new ModelRefusedException(RefusalReason.Hash, $"{file.Path} has SHA-256 {actual}, the card says {file.Sha256}");
            if (files is not null && (!files.TryGetValue(file.Path, out string? named) || named != actual))
                throw new ModelRefusedException(RefusalReason.Verdict, $"verdict.json was not given for this {file.Path}");
        }

        return new ModelFolder(path, card, cardSha256, verdict, reason);
    }

    /// <summary>The bytes of a file of the card; their hash is checked once more, since the file may have changed meanwhile.</summary>
    public byte[] Load(ModelCard.FileSpec file)
    {
        byte[] bytes = Bytes(Path, file.Path, RefusalReason.Hash);
        return Hash(bytes) == file.Sha256 ? bytes : throw new ModelRefusedException(RefusalReason.Hash, $"{file.Path} changed while it was loaded");
    }

    private static Verdict ReadVerdict(string path, string cardSha256, out string reason, out Dictionary<string, string> files)
    {
        byte[] bytes = Bytes(path, "verdict.json", RefusalReason.Verdict);
        try
        {
            using var json = JsonDocument.Parse(bytes);
            JsonElement root = json.RootElement;
            string word = root.GetProperty("verdict").GetString() ?? "";
            Verdict verdict = word switch
            {
                "default" => Verdict.Default,
                "usable" => Verdict.Usable,
                "provisional" => Verdict.Provisional,
                "refused" => Verdict.Refused,
                _ => throw new ModelRefusedException(RefusalReason.Verdict, $"verdict.json says '{word}', not default, usable, provisional or refused"),
            };
            if (root.GetProperty("cardSha256").GetString() != cardSha256)
                throw new ModelRefusedException(RefusalReason.Verdict, "verdict.json was given for another card.json");
            reason = root.TryGetProperty("reason", out JsonElement said) ? OneLine.Of(said.GetString() ?? "") : "";
            files = root.GetProperty("files").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString() ?? "", StringComparer.Ordinal);
            return verdict;
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new ModelRefusedException(RefusalReason.Verdict, $"verdict.json needs verdict, cardSha256 and files, and reason must be text: {error.Message}", error);
        }
    }

    private static byte[] Bytes(string folder, string file, RefusalReason reason)
    {
        try
        {
            return File.ReadAllBytes(System.IO.Path.Combine(folder, file));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelRefusedException(reason, $"{file}: {error.Message}", error);
        }
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
