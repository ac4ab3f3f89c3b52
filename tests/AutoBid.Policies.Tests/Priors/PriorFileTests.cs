using System.Text;
using System.Text.Json;
using AutoBid.Core.Response;
using AutoBid.Policies.Priors;

namespace AutoBid.Policies.Tests.Priors;

public sealed class PriorFileTests : IDisposable
{
    private const string Good = """
        { "name": "auctionnet", "version": 1, "bidPerValue": [40, 60, 90], "cost": [0.001, 0.002, 0.004], "value": [0.00003, 0.00005, 0.00007],
          "meanValue": 0.0005, "reference": 100, "regimeSteps": 8, "opportunitiesPerDay": 240000, "source": { "seeds": [1, 2] } }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-prior").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Loads_what_it_saved()
    {
        PriorFile file = PriorFile.Parse(Encoding.UTF8.GetBytes(Good));
        string path = Path.Combine(_folder, "priors", "p.json");
        PriorFile saved = file.Save(path);
        PriorFile loaded = PriorFile.Load(path);

        Assert.Equal(saved.Sha256, loaded.Sha256);
        Assert.Equal(64, loaded.Sha256.Length);
        Assert.Equal(file.BidPerValue, loaded.BidPerValue);
        Assert.Equal(2, loaded.Source["seeds"].GetArrayLength());
        PopulationPrior prior = loaded.ToPrior();
        Assert.Equal(8, prior.RegimeSteps);
        prior.At(Math.Log(60), 1, out double cost, out _);
        Assert.Equal(0.002, cost, 0.00003);
        Assert.Null(loaded.Currency);
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(path)!));
    }

    [Theory]
    [InlineData("{", "")]
    [InlineData("null", "null")]
    [InlineData("{ \"name\": \"x\" }", "bidPerValue")]
    [InlineData("{ \"name\": \"x\", \"version\": \"one\" }", "version")]
    public void Wrong_json_is_named(string json, string expected)
    {
        string path = Path.Combine(_folder, "bad.json");
        File.WriteAllText(path, json);
        PriorFileException error = Assert.Throws<PriorFileException>(() => PriorFile.Load(path));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"reference\": 100", "\"reference\": 0", "reference")]
    [InlineData("[40, 60, 90]", "[40, 30, 90]", "ascend")]
    [InlineData("[40, 60, 90]", "[40, 90]", "length")]
    [InlineData("\"regimeSteps\": 8", "\"regimeSteps\": 60", "regimeSteps")]
    [InlineData("\"regimeSteps\": 8", "\"shape\": [1, 2]", "shape")]
    public void Broken_rules_are_named(string from, string to, string expected)
    {
        string path = Path.Combine(_folder, "bad.json");
        File.WriteAllText(path, Good.Replace(from, to, StringComparison.Ordinal));
        Assert.Contains(expected, Assert.Throws<PriorFileException>(() => PriorFile.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
        => Assert.Contains("absent.json", Assert.Throws<PriorFileException>(() => PriorFile.Load(Path.Combine(_folder, "absent.json"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_broken_prior_is_not_written()
    {
        PriorFile file = PriorFile.Parse(Encoding.UTF8.GetBytes(Good)) with { MeanValue = -1 };
        string path = Path.Combine(_folder, "p.json");
        Assert.Throws<PriorFileException>(() => file.Save(path));
        Assert.False(File.Exists(path));
    }
}
