using System.Text.Json;
using AutoBid.Cli.Commands;
using AutoBid.Tests.Shared;

namespace AutoBid.Cli.Tests.Commands;

public sealed class KeysCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-keys-").FullName;

    [Fact]
    public async Task SetupPrintsTheFirstKeyOnce()
    {
        (int first, string key) = await RunAsync("setup");
        (int second, string again) = await RunAsync("setup");
        Assert.Equal((0, 0), (first, second));
        Assert.Matches("^ab_[0-9a-f]{12}_[A-Za-z0-9_-]{32}\n$", key);
        Assert.DoesNotContain("ab_", again, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKeyIsMadeListedWithoutSecretAndRevoked()
    {
        (_, string key) = await RunAsync("create", "--tenant", "acme", "--scopes", "bid,events", "--bids-for", "one, two");
        string prefix = key.Split('_')[1], secret = key.Trim().Split('_', 3)[2];
        string file = Path.Combine(_folder, "keys.json");
        (_, string table) = await RunAsync("list", "--json", file);
        Assert.Contains(prefix, table, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, table, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(await File.ReadAllBytesAsync(file));
        JsonElement listed = document.RootElement.GetProperty("keys")[0];
        Assert.Equal("acme", listed.GetProperty("tenant").GetString());
        Assert.Equal("two", listed.GetProperty("tenants")[1].GetString());
        Assert.Equal(0, (await RunAsync("revoke", prefix)).ExitCode);
        Assert.Equal(1, (await RunAsync("revoke", prefix)).ExitCode);
    }

    [Fact]
    public async Task KeysOfAServiceOnPostgresAreInItsDatabase()
    {
        if (PostgresServer.WhyNot is { } why) Assert.Skip(why);
        await using PostgresServer server = await PostgresServer.StartAsync();
        string postgres = await server.NewSchemaAsync();
        (int made, string key) = await RunAsync("create", "--tenant", "acme", "--postgres", postgres);
        Assert.Equal(0, made);
        Assert.Contains(key.Split('_')[1], (await RunAsync("list", "--postgres", postgres)).Out, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "autobid.db")));
        Assert.Equal(1, (await RunAsync("list", "--postgres", "Host=127.0.0.1;Port=1;Username=u")).ExitCode);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<(int ExitCode, string Out)> RunAsync(params string[] args)
    {
        using TestHost host = new();
        int exitCode = await AutoBidCommand.RunAsync(["keys", .. args, "--data", _folder], host.Host);
        return (exitCode, host.Out);
    }
}
