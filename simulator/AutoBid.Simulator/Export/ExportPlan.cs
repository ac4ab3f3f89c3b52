using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;

namespace AutoBid.Simulator.Export;

/// <summary>
/// Everything that determines an export's bytes, with a hash over it. It is written into the folder first, so that a later run of the same command
/// knows what it may keep. A policy counts by its name and model, a prior by the hash of its file.
/// </summary>
internal sealed class ExportPlan
{
    /// <summary>Raised whenever the same setup gives other bytes: layout, arrays, or the simulator's draws and rules.</summary>
    public const int Format = 2;

    private const string HashField = "sha256";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly JsonSerializerOptions Setups = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new PolicyName(), new PriorPresence() },
    };

    private readonly JsonObject _fields;

    private ExportPlan(JsonObject fields)
    {
        _fields = fields;
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(fields)));
    }

    public string Sha256 { get; }

    public static ExportPlan Of(IReadOnlyList<PlannedPeriod> periods, IFeatureBuilder builder, int periodsPerShard, string priorSha256, TrainingMix? mix)
    {
        using var setups = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (PlannedPeriod period in periods)
        {
            setups.AppendData(JsonSerializer.SerializeToUtf8Bytes(period, Setups));
            setups.AppendData("\n"u8);
        }

        var state = new AuctionNetFeatures();
        return new ExportPlan(new JsonObject
        {
            ["format"] = Format,
            ["features"] = new JsonObject { ["name"] = builder.Name, ["version"] = builder.Version },
            ["state"] = new JsonObject { ["name"] = state.Name, ["version"] = state.Version },
            ["periodsPerShard"] = periodsPerShard,
            ["priorSha256"] = priorSha256,
            ["seeds"] = JsonSerializer.SerializeToNode(periods.Select(p => p.Setup.Seed).Distinct()),
            ["splits"] = JsonSerializer.SerializeToNode(CountsOf(periods)),
            ["traffic"] = JsonSerializer.SerializeToNode(periods.Select(p => p.Setup.Traffic).Distinct(), Setups),
            ["mix"] = JsonSerializer.SerializeToNode(mix, Setups),
            ["setupsSha256"] = Convert.ToHexStringLower(setups.GetHashAndReset()),
        });
    }

    /// <summary>Periods of each split by its name in lower case, in the order of the splits.</summary>
    public static Dictionary<string, int> CountsOf(IReadOnlyList<PlannedPeriod> periods) => periods.GroupBy(p => p.Split).OrderBy(group => group.Key)
        .ToDictionary(group => group.Key.ToString().ToLowerInvariant(), group => group.Count());

    /// <summary>The file: the fields and their hash.</summary>
    public byte[] ToFile()
    {
        JsonObject file = _fields.DeepClone().AsObject();
        file[HashField] = Sha256;
        return JsonSerializer.SerializeToUtf8Bytes(file, Indented);
    }

    /// <summary>Names of the fields in which a plan file differs from this plan; empty: it is the same plan.</summary>
    /// <exception cref="JsonException">Not a plan file.</exception>
    public IReadOnlyList<string> Differences(ReadOnlySpan<byte> file)
    {
        if (JsonSerializer.Deserialize<JsonNode>(file) is not JsonObject other) throw new JsonException("the file holds no object");
        other.Remove(HashField, out JsonNode? hash);
        string[] names = [.. _fields.Select(field => field.Key).Union(other.Select(field => field.Key), StringComparer.Ordinal)];
        string[] different = [.. names.Where(name => !JsonNode.DeepEquals(_fields[name], other[name]))];
        if (different.Length == 0 && hash?.ToString() != Sha256) throw new JsonException("its hash is not that of its fields");
        return different;
    }

    private sealed class PolicyName : JsonConverter<IBidPolicy>
    {
        public override IBidPolicy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, IBidPolicy value, JsonSerializerOptions options) => writer.WriteStringValue($"{value.Name} {value.Model}");
    }

    private sealed class PriorPresence : JsonConverter<PopulationPrior>
    {
        public override PopulationPrior Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, PopulationPrior value, JsonSerializerOptions options) => writer.WriteBooleanValue(true);
    }
}
