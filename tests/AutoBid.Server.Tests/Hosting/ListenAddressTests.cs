using AutoBid.Server.Hosting;

namespace AutoBid.Server.Tests.Hosting;

public sealed class ListenAddressTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", true)]
    [InlineData("http://127.8.9.1:8080", true)]
    [InlineData("http://localhost:8080", true)]
    [InlineData("http://[::1]:8080", true)]
    [InlineData("http://0.0.0.0:8080", false)]
    [InlineData("http://[::]:8080", false)]
    [InlineData("http://*:8080", false)]
    [InlineData("http://+:8080", false)]
    [InlineData("http://192.168.1.7:8080", false)]
    [InlineData("http://localhost.evil.example:8080", false)]
    [InlineData("no address", false)]
    public void Loopback_is_told_apart(string url, bool loopback) => Assert.Equal(loopback, ListenAddress.IsLoopback(url));

    [Theory]
    [InlineData("http://127.0.0.1:0", "127.0.0.1")]
    [InlineData("http://[::1]:0", "[::1]")]
    [InlineData("http://localhost:0", "localhost")]
    public void Port_0_becomes_a_free_port(string url, string host)
    {
        var resolved = new Uri(ListenAddress.Resolve(url));
        Assert.Equal(host, resolved.Host);
        Assert.InRange(resolved.Port, 1, 65535);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8123")]
    [InlineData("http://*:8123")]
    public void Another_port_stays(string url) => Assert.Equal(url, ListenAddress.Resolve(url));

    [Theory]
    [InlineData("http://*:8123")]
    [InlineData("http://0.0.0.0:8123")]
    [InlineData("http://[::]:8123")]
    public void Notices_cannot_point_to_every_address(string url)
    {
        var open = new Uri(ListenAddress.PublicOf(url));
        Assert.Equal(Environment.MachineName, open.Host, ignoreCase: true);
        Assert.Equal(8123, open.Port);
    }

    [Fact]
    public void An_address_that_is_not_this_machines_is_the_operators_mistake()
        => Assert.Throws<StartupException>(() => ListenAddress.Resolve("http://203.0.113.77:0"));
}
