using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AutoBid.Cli.Output;

/// <summary>Reports as JSON files: camelCase, indented.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public static byte[] Bytes<T>(T report) => JsonSerializer.SerializeToUtf8Bytes(report, Options);

    /// <summary>Writes the file whole or not at all.</summary>
    /// <exception cref="CommandException">It cannot be written.</exception>
    public static void Write<T>(string path, T report)
    {
        string full = Path.GetFullPath(path), temporary = full + ".tmp";
        try
        {
            if (Path.GetDirectoryName(full) is { } folder) Directory.CreateDirectory(folder);
            File.WriteAllBytes(temporary, Bytes(report));
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--json: {path} cannot be written ({e.Message})", e);
        }
    }
}
