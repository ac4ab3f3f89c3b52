using System.Reflection;

namespace AutoBid.Streaming.Json;

/// <summary>The JSON schemas (draft 2020-12) of the topics, as documentation for producers and for GET endpoints that show them.</summary>
public static class EventSchemas
{
    /// <summary>Opens the schema of a topic such as <c>autobid.spend</c>; null: no such topic.</summary>
    public static Stream? Open(string topic) => Assembly.GetExecutingAssembly().GetManifestResourceStream(topic + ".json");
}
