using AutoBid.Cli.Commands;
using AutoBid.Cli.Tests.Commands;

namespace AutoBid.Cli.Tests.Exchange.OpenLoop;

public sealed class OpenLoopCommandLineTests
{
    [Theory]
    [InlineData("simulate --rate 5", "--rate needs --clock wall", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --keep-campaigns", "--keep-campaigns needs --clock wall", 2)]
    [InlineData("simulate --clock wall", "--clock wall needs --target", 2)]
    [InlineData("simulate --clock sundial", "sundial", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --clock wall --rate 0", "--rate: 0.1 to 100000", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --clock wall --seconds -3", "--seconds: 0.1 to 86400", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --clock wall --speed 0.5", "--speed: 1 to", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --clock wall --conversions kafka:", "'kafka:' is neither http nor kafka:HOST:PORT", 2)]
    [InlineData("simulate --target http://127.0.0.1:1 --clock wall", "the service cannot be reached", 1)]
    [InlineData("simulate --preset market --policy nonsense", "'nonsense' is not served here", 2)]
    [InlineData("simulate --preset market --prior /nowhere/prior.json", "--prior: /nowhere/prior.json", 2)]
    [InlineData("simulate --preset bazaar", "bazaar", 2)]
    public async Task AWrongCommandIsOneLine(string line, string expected, int exitCode)
    {
        using TestHost host = new();
        Assert.Equal(exitCode, await AutoBidCommand.RunAsync(line.Split(' '), host.Host));
        string error = Assert.Single(host.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("autobid: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
