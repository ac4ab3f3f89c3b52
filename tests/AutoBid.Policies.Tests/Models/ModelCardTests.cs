using System.Text;
using AutoBid.Policies.Models;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Policies.Tests.Models;

public sealed class ModelCardTests
{
    private static readonly string Good = File.ReadAllText(Path.Combine(Cards.Source, "tiny", "card.json"));

    [Fact]
    public void Reads_the_exporters_card()
    {
        ModelCard card = Cards.Tiny;
        Assert.Equal(("tiny", 1, "dt", 4, "logMultiplier"), (card.Name, card.Version, card.Kind, card.Window, card.Action));
        Assert.Equal(29, card.Features.Mean.Length);
        Assert.Equal([-1, 4, 29], card.Inputs.Single(i => i.Name == "states").Shape);
        Assert.Equal(0.98, card.Serving.E);
        Assert.Null(card.Serving.PriorSha256);
        Assert.Equal(1.5, card.P99Ms?.Cpu1);
        Assert.Null(card.P99Ms?.H100);
    }

    [Theory]
    [InlineData("\"name\": \"tiny\"", "\"name\": \"../x\"", "name needs")]
    [InlineData("\"kind\": \"dt\"", "\"kind\": \"tree\"", "kind is 'tree'")]
    [InlineData("\"window\": 4", "\"window\": 49", "window")]
    [InlineData("\"logMultiplier\"", "\"bid\"", "action is 'bid'")]
    [InlineData("\"path\": \"model.onnx\"", "\"path\": \"../model.onnx\"", "plain file name")]
    [InlineData("\"rtol\": 0.0001", "\"rtol\": 1.5", "rtol")]
    [InlineData("\"smoothing\": 0", "\"smoothing\": 1", "smoothing")]
    [InlineData("\"cpu1\": 1.5", "\"cpu1\": 0", "p99Ms must be above 0")]
    [InlineData("\"h100\": null", "\"h100\": -1", "p99Ms must be above 0")]
    [InlineData("\"version\": 1", "\"version\": 0", "version")]
    [InlineData("\"parity\"", "\"parities\"", "parity")]
    [InlineData("\"window\": 4", "\"window\": \"four\"", "window")]
    [InlineData("\"inputs\": [", "\"inputs\": [null,", "not null")]
    [InlineData("\"outputs\": [", "\"outputs\": [null,", "not null")]
    [InlineData("\"files\": [", "\"files\": [null,", "not null")]
    public void Says_what_is_wrong(string from, string to, string expected)
    {
        ModelRefusedException error = Assert.Throws<ModelRefusedException>(() => ModelCard.Parse(Encoding.UTF8.GetBytes(Good.Replace(from, to, StringComparison.Ordinal))));
        Assert.Equal(RefusalReason.Card, error.Reason);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_file_may_serve_two_providers_but_has_one_hash_and_each_provider_one_place()
    {
        ModelCard card = Cards.Tiny;
        ModelCard.FileSpec cpu = card.Files[0], cuda = cpu with { Provider = "cuda" };
        ModelCard both = card with { Files = [cpu, cuda] };
        Assert.Empty(both.Check());
        Assert.Equal([new(cpu.Path, cpu.Sha256)], both.Hashes);
        Assert.Contains("two hashes", Assert.Single((card with { Files = [cpu, cuda with { Sha256 = new string('a', 64) }] }).Check()), StringComparison.Ordinal);
        Assert.Contains("twice for the same provider", Assert.Single((card with { Files = [cpu, cpu] }).Check()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    public void Garbage_is_refused(string json)
        => Assert.Equal(RefusalReason.Card, Assert.Throws<ModelRefusedException>(() => ModelCard.Parse(Encoding.UTF8.GetBytes(json))).Reason);
}
