using AutoBid.Cli.Commands;
using AutoBid.Cli.Simulation;

namespace AutoBid.Cli.Tests.Commands;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("")]
    [InlineData("serve")]
    [InlineData("demo")]
    [InlineData("simulate")]
    [InlineData("export-data")]
    [InlineData("models")]
    [InlineData("models promote")]
    [InlineData("models reload")]
    [InlineData("keys")]
    [InlineData("keys create")]
    public async Task EveryCommandHasHelp(string command)
    {
        using TestHost host = new();
        Assert.Equal(0, await AutoBidCommand.RunAsync([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], host.Host));
        Assert.Contains("Usage", host.Out, StringComparison.Ordinal);
        Assert.Empty(host.Error);
    }

    [Theory]
    [InlineData("nonsense", "nonsense")]
    [InlineData("demo --steps 0", "--steps: 0 is not in 1 to 48")]
    [InlineData("demo --steps 49", "--steps: 49")]
    [InlineData("demo --steps x", "x")]
    [InlineData("demo --seed -1", "-1")]
    [InlineData("demo --tick 7m", "must divide 30m")]
    [InlineData("demo --tick 30s", "1m to 30m")]
    [InlineData("demo --tick soon", "'soon' is not a time")]
    [InlineData("demo --what", "--what")]
    [InlineData("export-data", "--out")]
    [InlineData("simulate --mode Both", "Both")]
    [InlineData("simulate --budget 0", "--budget: 0.01 to 100")]
    [InlineData("models promote gave", "version")]
    public async Task AWrongCommandLineIsOneLine(string line, string expected)
    {
        using TestHost host = new();
        Assert.Equal(2, await AutoBidCommand.RunAsync(line.Split(' '), host.Host));
        string error = Assert.Single(host.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("autobid: ", error, StringComparison.Ordinal);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(host.Out);
    }

    [Theory]
    [InlineData("simulate --target ftp://x", 2)]
    [InlineData("simulate --target http://127.0.0.1:1", 1)]
    [InlineData("simulate --policy none --periods 1", 2)]
    [InlineData("simulate --policy mpc --seats 48", 2)]
    [InlineData("simulate --prior /nowhere/prior.json", 2)]
    [InlineData("export-data --out /tmp/autobid-none --prior /nowhere/prior.json", 2)]
    [InlineData("models list --models /nowhere", 2)]
    [InlineData("models reload --target nonsense", 2)]
    [InlineData("models reload --target http://127.0.0.1:1", 1)]
    [InlineData("serve --config /nowhere/config.json", 2)]
    [InlineData("serve --tick 1h", 2)]
    [InlineData("keys create --scopes everything --data /tmp/autobid-no-keys", 2)]
    public async Task AFailedCommandIsOneLine(string line, int exitCode)
    {
        using TestHost host = new();
        Assert.Equal(exitCode, await AutoBidCommand.RunAsync(line.Split(' '), host.Host));
        Assert.StartsWith("autobid: ", Assert.Single(host.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0,6,12-14", new[] { 0, 6, 12, 13, 14 })]
    [InlineData("47", new[] { 47 })]
    [InlineData("3, 3,2", new[] { 2, 3 })]
    public void SeatsAreAList(string list, int[] seats) => Assert.Equal(seats, LineUps.ParseSeats(list));

    [Fact]
    public void AllSeatsAreFortyEight() => Assert.Equal(48, LineUps.ParseSeats("all").Count);

    [Theory]
    [InlineData("")]
    [InlineData("48")]
    [InlineData("5-3")]
    [InlineData("1-2-3")]
    [InlineData("-1")]
    public void OtherSeatsAreNot(string list) => Assert.Throws<CommandException>(() => LineUps.ParseSeats(list));
}
