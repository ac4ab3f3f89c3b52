using System.Text.Json.Serialization;

namespace AutoBid.Server.Http;

/// <summary>Enum values by name only: a number could name a value that does not exist.</summary>
public sealed class StrictEnumConverter<T>() : JsonStringEnumConverter<T>(namingPolicy: null, allowIntegerValues: false)
    where T : struct, Enum;
