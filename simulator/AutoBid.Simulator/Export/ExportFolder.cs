using System.Security.Cryptography;
using System.Text.Json;

namespace AutoBid.Simulator.Export;

/// <summary>
/// The files of one export: <c>plan.json</c> first, shards with <c>progress.json</c> after each, <c>manifest.json</c> last. Every file is written
/// beside its place and moved there, so a reader sees it whole or not at all; what a killed run left is told from what it finished by hash.
/// Only one export at a time holds a folder.
/// </summary>
internal sealed class ExportFolder : IDisposable
{
    public const string ManifestFile = "manifest.json";

    private const string PlanFile = "plan.json";
    private const string ProgressFile = "progress.json";
    private const string LockFile = "export.lock";
    private const string ShardPattern = "shard-*.npz";
    private const string Unfinished = ".tmp";

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };

    private readonly string _folder;
    private readonly FileStream _lock;

    /// <exception cref="ExportException">Another export is writing here.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public ExportFolder(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        try
        {
            _lock = new FileStream(PathOf(LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new ExportException($"{folder}: another export is writing here ({e.Message})", e);
        }
    }

    /// <summary>Whether an export was begun in the folder.</summary>
    /// <exception cref="ExportException">It holds exported data without the plan that they were made from.</exception>
    public static bool HasPlan(string folder)
    {
        if (File.Exists(Path.Combine(folder, PlanFile))) return true;
        if (File.Exists(Path.Combine(folder, ManifestFile)) || (Directory.Exists(folder) && Directory.EnumerateFiles(folder, ShardPattern).Any()))
            throw new ExportException($"{folder} holds exported data without a {PlanFile}: nothing tells what they were made from") { IsOtherExport = true };
        return false;
    }

    /// <summary>Takes the folder for a plan: writes the plan's file, or checks that the one here is the same.</summary>
    /// <exception cref="ExportException">The folder holds another plan's export.</exception>
    public void Claim(ExportPlan plan)
    {
        foreach (string left in Directory.EnumerateFiles(_folder, ShardPattern + Unfinished)) File.Delete(left);
        foreach (string name in (string[])[PlanFile, ProgressFile, ManifestFile]) File.Delete(PathOf(name) + Unfinished);
        if (!HasPlan(_folder))
        {
            Write(PlanFile, plan.ToFile());
            return;
        }

        IReadOnlyList<string> different;
        try
        {
            different = plan.Differences(File.ReadAllBytes(PathOf(PlanFile)));
        }
        catch (JsonException e)
        {
            throw new ExportException($"{PathOf(PlanFile)}: not the plan of an export ({e.Message})", e) { IsOtherExport = true };
        }

        if (different.Count == 0) return;
        throw new ExportException($"{_folder} holds an export of another plan: {string.Join(", ", different)} differ") { IsOtherExport = true };
    }

    /// <summary>The shards that an earlier run finished and that still have the bytes it wrote; null where one has to be made.</summary>
    public ExportShard?[] Finished(int shards)
    {
        var finished = new ExportShard?[shards];
        // The progress file goes when the manifest is there, so where both are, the newer progress counts.
        ExportShard[] listed = Listed(ProgressFile) ?? Listed(ManifestFile) ?? [];
        for (int i = 0; i < shards; i++)
        {
            string name = ExportShard.NameOf(i);
            if (Array.Find(listed, shard => shard.File == name) is { } shard && File.Exists(PathOf(name)) && HashOf(PathOf(name)) == shard.Sha256) finished[i] = shard;
        }

        if (File.Exists(PathOf(ManifestFile)) && Array.Exists(finished, shard => shard is null))
        {
            WriteProgress(finished.OfType<ExportShard>());
            File.Delete(PathOf(ManifestFile));
        }

        return finished;
    }

    public void WriteShard(ExportShard shard, ReadOnlySpan<byte> bytes, IEnumerable<ExportShard> finished)
    {
        Write(shard.File, bytes);
        WriteProgress(finished);
    }

    /// <summary>Ends the export.</summary>
    public void WriteManifest(object manifest)
    {
        Write(ManifestFile, JsonSerializer.SerializeToUtf8Bytes(manifest, Json));
        File.Delete(PathOf(ProgressFile));
    }

    /// <summary>Removes every file that an export writes; others stay.</summary>
    public void Clear()
    {
        // The manifest goes first and the plan last: at every moment what is left is an unfinished export or none.
        File.Delete(PathOf(ManifestFile));
        File.Delete(PathOf(ProgressFile));
        foreach (string shard in Directory.EnumerateFiles(_folder, ShardPattern)) File.Delete(shard);
        File.Delete(PathOf(PlanFile));
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Shards of a finished export, in order.</summary>
    /// <exception cref="ExportException">There is no manifest, or it cannot be read.</exception>
    public static IReadOnlyList<ExportShard> ShardsOf(string folder)
    {
        string path = Path.Combine(folder, ManifestFile);
        try
        {
            return JsonSerializer.Deserialize<Listing>(File.ReadAllBytes(path), Json)?.Shards ?? throw new JsonException("it lists no shards");
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ExportException($"{path}: not the manifest of a finished export ({e.Message})", e);
        }
    }

    private ExportShard[]? Listed(string name)
    {
        if (!File.Exists(PathOf(name))) return null;
        try
        {
            return JsonSerializer.Deserialize<Listing>(File.ReadAllBytes(PathOf(name)), Json)?.Shards;
        }
        catch (JsonException)
        {
            // A damaged list costs only time: its shards are made again.
            return null;
        }
    }

    private void WriteProgress(IEnumerable<ExportShard> finished) => Write(ProgressFile, JsonSerializer.SerializeToUtf8Bytes(new Listing([.. finished]), Json));

    private static string HashOf(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private void Write(string name, ReadOnlySpan<byte> bytes)
    {
        string beside = PathOf(name) + Unfinished;
        File.WriteAllBytes(beside, bytes);
        File.Move(beside, PathOf(name), overwrite: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private sealed record Listing(ExportShard[] Shards);
}
