using System.Text.Json;
using System.Text.RegularExpressions;
using AutoBid.Streaming.Json;

namespace AutoBid.Streaming.Tests.Json;

/// <summary>Validates against the subset of JSON Schema 2020-12 that our schemas use; a keyword it does not know fails the test.</summary>
internal sealed class SchemaCheck
{
    private readonly JsonElement _schema;

    private SchemaCheck(JsonElement schema) => _schema = schema;

    public static SchemaCheck Of(string topic)
    {
        using Stream stream = EventSchemas.Open(topic) ?? throw new ArgumentException("no schema", nameof(topic));
        return new SchemaCheck(JsonDocument.Parse(stream).RootElement);
    }

    public List<string> Errors(byte[] payload)
    {
        var errors = new List<string>();
        Check(_schema, JsonDocument.Parse(payload).RootElement, "", errors);
        return errors;
    }

    private static void Check(JsonElement schema, JsonElement value, string at, List<string> errors)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            JsonElement rule = keyword.Value;
            bool holds = keyword.Name switch
            {
                "$schema" or "$id" or "title" or "description" or "then" or "else" => true,
                "type" => rule.ValueKind == JsonValueKind.Array ? rule.EnumerateArray().Any(type => Is(value, type.GetString()!)) : Is(value, rule.GetString()!),
                "const" => JsonElement.DeepEquals(rule, value),
                "enum" => rule.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() >= rule.GetDecimal(),
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() <= rule.GetDecimal(),
                "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDecimal() > rule.GetDecimal(),
                "minLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length >= rule.GetInt32(),
                "maxLength" => value.ValueKind != JsonValueKind.String || value.GetString()!.Length <= rule.GetInt32(),
                "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= rule.GetInt32(),
                "pattern" => value.ValueKind != JsonValueKind.String || Regex.IsMatch(value.GetString()!, rule.GetString()!),
                "required" => value.ValueKind != JsonValueKind.Object || rule.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
                "dependentRequired" => value.ValueKind != JsonValueKind.Object || rule.EnumerateObject().All(
                    one => !value.TryGetProperty(one.Name, out _) || one.Value.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _))),
                "properties" => Properties(rule, value, at, errors),
                "items" => Items(rule, value, at, errors),
                "allOf" => AllOf(rule, value, at, errors),
                "if" => Branch(schema, value, at, errors),
                _ => throw new NotSupportedException(keyword.Name),
            };
            if (!holds) errors.Add($"{at}: {keyword.Name}");
        }
    }

    private static bool Properties(JsonElement rule, JsonElement value, string at, List<string> errors)
    {
        if (value.ValueKind == JsonValueKind.Object)
            foreach (JsonProperty property in rule.EnumerateObject())
                if (value.TryGetProperty(property.Name, out JsonElement field)) Check(property.Value, field, at + "/" + property.Name, errors);
        return true;
    }

    private static bool Items(JsonElement rule, JsonElement value, string at, List<string> errors)
    {
        if (value.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in value.EnumerateArray()) Check(rule, item, at + "[]", errors);
        return true;
    }

    private static bool AllOf(JsonElement rule, JsonElement value, string at, List<string> errors)
    {
        foreach (JsonElement part in rule.EnumerateArray()) Check(part, value, at, errors);
        return true;
    }

    private static bool Branch(JsonElement schema, JsonElement value, string at, List<string> errors)
    {
        var condition = new List<string>();
        Check(schema.GetProperty("if"), value, at, condition);
        if (schema.TryGetProperty(condition.Count == 0 ? "then" : "else", out JsonElement branch)) Check(branch, value, at, errors);
        return true;
    }

    private static bool Is(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        _ => throw new NotSupportedException(type),
    };
}
