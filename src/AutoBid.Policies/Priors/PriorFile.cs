using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using AutoBid.Core.Response;

namespace AutoBid.Policies.Priors;

/// <summary>
/// A population prior as it ships: the mean per-opportunity curve of earlier days with where it came from. Amounts in account currency,
/// curves per opportunity against the absolute bid per unit of value.
/// </summary>
public sealed record PriorFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        WriteIndented = true,
    };

    public required string Name { get; init; }

    public required int Version { get; init; }

    /// <summary>ISO 4217; null: the curve's amounts count as the campaign's own currency.</summary>
    public string? Currency { get; init; }

    public required double[] BidPerValue { get; init; }

    public required double[] Cost { get; init; }

    public required double[] Value { get; init; }

    public required double MeanValue { get; init; }

    public required double Reference { get; init; }

    /// <summary>48 shares of the day's opportunities; null: flat.</summary>
    public double[]? Shape { get; init; }

    /// <summary>0: unknown.</summary>
    public double OpportunitiesPerDay { get; init; }

    /// <summary>0: unknown.</summary>
    public int RegimeSteps { get; init; }

    public double LevelPersistence { get; init; }

    /// <summary>Where the curve comes from: generator, seeds, number of days; free form.</summary>
    public Dictionary<string, JsonElement> Source { get; init; } = [];

    /// <summary>SHA-256 of the bytes it was loaded from or saved to, lower-case hex; empty before.</summary>
    [JsonIgnore]
    public string Sha256 { get; init; } = "";

    /// <summary>The prior that policies use.</summary>
    /// <exception cref="PriorFileException">A field breaks a rule of <see cref="PopulationPrior"/>.</exception>
    public PopulationPrior ToPrior()
    {
        try
        {
            return new PopulationPrior(BidPerValue, Cost, Value, MeanValue, Reference, Shape, OpportunitiesPerDay, RegimeSteps, LevelPersistence);
        }
        catch (ArgumentException error)
        {
            throw new PriorFileException($"prior {Name}: {error.Message}", error);
        }
    }

    /// <exception cref="PriorFileException">The file is missing, is not JSON, lacks a field, or breaks a rule.</exception>
    public static PriorFile Load(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new PriorFileException($"{path}: {error.Message}", error);
        }

        try
        {
            PriorFile file = Parse(bytes);
            file.ToPrior();
            return file;
        }
        catch (PriorFileException error)
        {
            throw new PriorFileException($"{path}: {error.Message}", error);
        }
    }

    /// <exception cref="PriorFileException">Not JSON, or a field is missing or of the wrong type.</exception>
    public static PriorFile Parse(ReadOnlySpan<byte> utf8)
    {
        try
        {
            PriorFile file = JsonSerializer.Deserialize<PriorFile>(utf8, Json) ?? throw new PriorFileException("the file holds null");
            return file with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(utf8)) };
        }
        catch (JsonException error)
        {
            throw new PriorFileException(error.Message, error);
        }
    }

    /// <summary>Writes the file whole or not at all and returns it with its hash.</summary>
    /// <exception cref="PriorFileException">The prior breaks a rule: it is not written.</exception>
    public PriorFile Save(string path)
    {
        ToPrior();
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(this, Json);
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        string beside = path + ".tmp";
        File.WriteAllBytes(beside, bytes);
        File.Move(beside, path, overwrite: true);
        return this with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)) };
    }
}
