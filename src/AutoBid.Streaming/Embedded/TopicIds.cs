using AutoBid.Engine.Ports;

namespace AutoBid.Streaming.Embedded;

/// <summary>Numbers of the topics in the embedded log. They are part of the file format: never reuse one.</summary>
internal static class TopicIds
{
    /// <summary>A record that says nothing: written to find out whether the disk takes data again.</summary>
    public const byte Probe = 0;

    /// <summary>One above the largest id.</summary>
    public const int Count = 17;

    private static readonly string[] Names =
    [
        "",
        Topic.Spend, Topic.Conversions, Topic.Opportunities, Topic.BidStats, Topic.Outcomes, Topic.Campaigns, Topic.Multipliers, Topic.Decisions,
        Topic.Dead(Topic.Spend), Topic.Dead(Topic.Conversions), Topic.Dead(Topic.Opportunities), Topic.Dead(Topic.BidStats), Topic.Dead(Topic.Outcomes),
        Topic.Dead(Topic.Campaigns), Topic.Dead(Topic.Multipliers), Topic.Dead(Topic.Decisions),
    ];

    public static byte Of(string topic)
    {
        int id = Array.IndexOf(Names, topic, 1);
        return id > 0 ? (byte)id : throw new ArgumentException($"{topic} is not a topic of the log", nameof(topic));
    }

    public static string Name(byte id) => Names[id];

    public static bool IsInput(byte id) => id is >= 1 and <= 4 or 6;
}
