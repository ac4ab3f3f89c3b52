using System.Text.Json;

namespace AutoBid.Cli.Serving;

/// <summary>
/// The config file of <c>serve</c>: one JSON object whose properties are the settings in camelCase, such as
/// <c>{"urls": ["http://0.0.0.0:8080"], "topicPrefix": "eu-", "tick": "1m", "quiet": true}</c>. Comments and trailing commas are allowed; an unknown
/// property is an error, because a misspelt setting must not fall back in silence.
/// </summary>
internal static class ConfigFile
{
    /// <summary>Settings by their command-line name.</summary>
    /// <exception cref="CommandException">The file cannot be read or used.</exception>
    public static Dictionary<string, string> Load(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                File.ReadAllBytes(path), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Bad(path, "holds no JSON object");
            var settings = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                string? name = ServeSettings.Names.FirstOrDefault(known => CamelCase(known) == property.Name);
                if (name is null) throw Bad(path, $"'{property.Name}' is not a setting");
                settings[name] = Text(property.Value) ?? throw Bad(path, $"'{property.Name}' must be text, a number, true or false, or a list of texts");
            }

            return settings;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"--config: {path}: {e.Message}", e, CommandException.Usage);
        }
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Array when value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) => string.Join(';', value.EnumerateArray().Select(item => item.GetString())),
        _ => null,
    };

    private static string CamelCase(string name)
    {
        string[] words = name.Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static CommandException Bad(string path, string why) => new($"--config: {path}: {why}", CommandException.Usage);
}
