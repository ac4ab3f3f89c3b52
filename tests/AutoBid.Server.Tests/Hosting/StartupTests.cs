using System.Net;
using System.Net.Sockets;
using AutoBid.Server.Hosting;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>What keeps the service from starting is one sentence for the operator.</summary>
[Collection(ServiceCollection.Name)]
public sealed class StartupTests
{
    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://[::]:0")]
    [InlineData("http://*:0")]
    public Task Without_keys_only_loopback_is_served(string url) => RefusedAsync(options => options with { Urls = [url] }, "API keys");

    [Fact]
    public async Task With_a_key_every_address_is_served()
    {
        using var folder = new TempFolder();
        string key;
        await using (TestService first = await TestService.StartAsync(dataFolder: folder.Path))
            key = await first.Keys.CreateAsync("acme", ["admin"], [], TestContext.Current.CancellationToken);
        await using AutoBidService service = await AutoBidService.StartAsync(
            TestService.OptionsIn(folder.Path) with { Urls = ["http://0.0.0.0:0"] }, TestContext.Current.CancellationToken);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{new Uri(service.Addresses[0]).Port}/v1/campaigns");
        request.Headers.Add("X-Api-Key", key);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1801)]
    public Task A_tick_lies_between_a_second_and_half_an_hour(double seconds)
        => RefusedAsync(options => options with { Tick = TimeSpan.FromSeconds(seconds) }, "tick");

    [Fact]
    public Task Without_an_address_there_is_no_service() => RefusedAsync(options => options with { Urls = [] }, "urls");

    [Fact]
    public async Task A_port_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await RefusedAsync(options => options with { Urls = [$"http://127.0.0.1:{port}"] }, $"{port}");
    }

    [Theory]
    [InlineData("prior")]
    [InlineData("exchanges")]
    [InlineData("rates")]
    public Task A_damaged_settings_file_is_told(string kind)
        => RefusedAsync(
            options =>
            {
                string file = Path.Combine(options.DataDirectory, "broken.json");
                File.WriteAllText(file, "{\"nothing\":1");
                return kind switch
                {
                    "prior" => options with { PriorFile = file },
                    "exchanges" => options with { ExchangesFile = file },
                    _ => options with { RatesFile = file },
                };
            },
            "");

    [Fact]
    public Task A_damaged_notice_key_is_told()
        => RefusedAsync(
            options =>
            {
                File.WriteAllText(Path.Combine(options.DataDirectory, "notice.key"), "short");
                return options;
            },
            "notice.key");

    [Fact]
    public Task A_data_folder_that_is_a_file_is_told()
        => RefusedAsync(
            options =>
            {
                string file = Path.Combine(options.DataDirectory, "file");
                File.WriteAllText(file, "");
                return options with { DataDirectory = file };
            },
            "file");

    [Fact]
    public async Task A_data_folder_in_use_is_told()
    {
        using var folder = new TempFolder();
        await using TestService first = await TestService.StartAsync(dataFolder: folder.Path);
        await Assert.ThrowsAsync<StartupException>(() => AutoBidService.StartAsync(TestService.OptionsIn(folder.Path), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_host_ends_with_2_and_one_line()
    {
        using var folder = new TempFolder();
        TextWriter error = Console.Error;
        var written = new StringWriter();
        Console.SetError(written);
        int code;
        try
        {
            code = await ServerHost.RunAsync(TestService.OptionsIn(folder.Path) with { Urls = ["http://0.0.0.0:0"] }, null, TestContext.Current.CancellationToken);
        }
        finally
        {
            Console.SetError(error);
        }

        Assert.Equal(2, code);
        Assert.StartsWith("autobid: ", Assert.Single(written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private static async Task RefusedAsync(Func<ServeOptions, ServeOptions> with, string says)
    {
        using var folder = new TempFolder();
        StartupException refused = await Assert.ThrowsAsync<StartupException>(
            () => AutoBidService.StartAsync(with(TestService.OptionsIn(folder.Path)), TestContext.Current.CancellationToken));
        Assert.Contains(says, refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
