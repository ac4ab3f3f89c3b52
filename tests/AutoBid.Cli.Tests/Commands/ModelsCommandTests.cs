using AutoBid.Cli.Commands;

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
    }

    [Fact]
    public async Task AModelThatMayNotServeIsListedWithItsReason()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "gave", "1"));
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync(["models", "list", "--models", _folder], host.Host));
        Assert.Contains("gave", host.Out, StringComparison.Ordinal);
        Assert.Contains("card.json", host.Out, StringComparison.Ordinal);
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
