using System.Net;
using System.Net.Sockets;
using System.Text;
using AutoBid.Server.Hosting;
using AutoBid.Server.Tests.Testing;
using AutoBid.Storage.Sqlite;

namespace AutoBid.Server.Tests.Hosting;

/// <summary>A broker that is down at start: the service lives, is not ready, stores settings and loses nothing.</summary>
[Collection(ServiceCollection.Name)]
public sealed class BrokerDownTests
{
    [Fact]
    public async Task Settings_are_stored_while_the_broker_is_waited_for()
    {
        using var folder = new TempFolder();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int port = FreePort();
        ServeOptions options = TestService.OptionsIn(folder.Path) with { Kafka = "127.0.0.1:1", Urls = [$"http://127.0.0.1:{port}"] };
        Task<AutoBidService> starting = AutoBidService.StartAsync(options, stop.Token);
        using var client = new HttpClient { BaseAddress = new Uri(options.Urls[0]), Timeout = TimeSpan.FromSeconds(30) };
        Assert.Equal(HttpStatusCode.OK, await FirstAnswerAsync(client, "/health/live"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready", stop.Token)).StatusCode);

        using HttpResponseMessage created = await client.PostAsync("/v1/campaigns", Json(Texts.Campaign("kept")), stop.Token);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/campaigns/kept", stop.Token)).StatusCode);

        // What needs the engine asks to come again, so that nobody drops what was not taken.
        foreach ((string path, string body) in new[] { ("/v1/events", Texts.Events(Texts.Conversion("kept", "1", TestService.Midnight))), ("/v1/clock", "{}"), ("/v1/multipliers", "{}") })
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.PostAsync(path, Json(body), stop.Token)).StatusCode);
        using HttpResponseMessage bid = await client.PostAsync("/openrtb2/bid", Json(Texts.Bid("kept")), stop.Token);
        Assert.Contains("nbr", await bid.Content.ReadAsStringAsync(stop.Token), StringComparison.Ordinal);
        Assert.False(starting.IsCompleted);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        await using SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(folder.Path, "autobid.db"), TestContext.Current.CancellationToken);
        Assert.Equal("kept", Assert.Single(await new SqliteCampaignStore(database).OutboxAsync(10, TestContext.Current.CancellationToken)).Campaign.Id);
    }

    /// <summary>Asks until the listener is there.</summary>
    private static async Task<HttpStatusCode> FirstAnswerAsync(HttpClient client, string path)
    {
        long started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return (await client.GetAsync(path, TestContext.Current.CancellationToken)).StatusCode;
            }
            catch (HttpRequestException) when (TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(20))
            {
                await Task.Yield();
            }
        }
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
