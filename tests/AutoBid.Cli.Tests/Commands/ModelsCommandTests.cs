using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Policies.Tests.Testing;

namespace AutoBid.Cli.Tests.Commands;

public sealed class ModelsCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-models-").FullName;

    [Fact]
    public async Task AnEmptyRegistryIsNoError()
    {
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "list", "--models", _folder], host.Host));
        Assert.Contains("no models", host.Out, StringComparison.Ordinal);
        Assert.EndsWith("policy mpc: no model has the verdict default (there is no model)\n", host.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheListAndAPromotionSayWhatCampaignsWithoutAPolicyRunUnder()
    {
        ModelFiles.Install(_folder, "tiny", "1", verdict: "default", reason: "beats mpc");
        ModelFiles.Install(_folder, "tiny", "2", verdict: "provisional", reason: "the gate has not run");
        string json = Path.Combine(_folder, "list.json");
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "list", "--models", _folder, "--json", json], host.Host));
        Assert.Contains("beats mpc", host.Out, StringComparison.Ordinal);
        Assert.EndsWith("policy tiny/1: default, beats mpc\n", host.Out, StringComparison.Ordinal);
        using (JsonDocument report = JsonDocument.Parse(await File.ReadAllBytesAsync(json)))
            Assert.Equal("tiny", report.RootElement.GetProperty("default").GetProperty("name").GetString());
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "promote", "tiny", "2", "--models", _folder], host.Host));
        Assert.EndsWith("tiny/2 is live\npolicy mpc: no model has the verdict default (tiny/2: provisional, the gate has not run)\n", host.Out, StringComparison.Ordinal);
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "rollback", "tiny", "--models", _folder], host.Host));
        Assert.EndsWith("policy tiny/1: default, beats mpc\n", host.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AModelThatMayNotServeIsListedWithItsReason()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "gave", "1"));
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "list", "--models", _folder], host.Host));
        Assert.Contains("gave", host.Out, StringComparison.Ordinal);
        Assert.Contains("card.json", host.Out, StringComparison.Ordinal);
        Assert.Contains("policy mpc: no model has the verdict default (gave/1: refused, card.json", host.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("promote", "gave", "1")]
    [InlineData("promote", "gave", "..")]
    [InlineData("rollback", "gave")]
    public async Task WhatCannotBeDoneIsOneLine(params string[] args)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "gave", "1"));
        using TestHost host = new();
        Assert.Equal(1, await AutoBidCommand.RunAsync(["models", .. args, "--models", _folder], host.Host));
        Assert.Single(host.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(host.Out);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
