namespace AutoBid.Streaming.Json;

/// <summary>Why a payload was refused. Never carries a value from the payload: those may be personal.</summary>
/// <param name="Code">One of a closed list, a metric label: topic, size, json, version, missing, type, range, time, currency, campaign.</param>
/// <param name="Field">The field, dotted; empty for the payload as a whole.</param>
/// <param name="Rule">What the field must satisfy.</param>
public readonly record struct EventError(string Code, string Field, string Rule)
{
    public override string ToString() => Field.Length == 0 ? Rule : $"{Field}: {Rule}";
}
