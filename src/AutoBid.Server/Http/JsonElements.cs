using System.Text.Json;

namespace AutoBid.Server.Http;

/// <summary>Reads of a parsed body that answer instead of throwing.</summary>
internal static class JsonElements
{
    /// <summary>The array of that name in an object. False: there is none.</summary>
    public static bool TryGetArray(this JsonElement root, string name, out JsonElement array)
    {
        array = default;
        try
        {
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out array) && array.ValueKind == JsonValueKind.Array;
        }
        catch (InvalidOperationException)
        {
            // The name of a neighbour ends in half of a surrogate pair.
            return false;
        }
    }

    /// <summary>The text of that name in an object; null: there is none.</summary>
    public static string? TextOf(this JsonElement item, string name)
    {
        try
        {
            return item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out JsonElement text) && text.ValueKind == JsonValueKind.String
                ? text.GetString()
                : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
