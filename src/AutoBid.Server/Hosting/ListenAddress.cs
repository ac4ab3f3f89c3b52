using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace AutoBid.Server.Hosting;

/// <summary>What the addresses of <see cref="ServeOptions.Urls"/> mean.</summary>
internal static class ListenAddress
{
    /// <summary>Replaces port 0 by a free port: notice URLs must name the port before anything listens on it.</summary>
    public static string Resolve(string url)
    {
        if (!TryParse(url, out Uri? uri) || uri.Port != 0) return url;
        IPAddress address = IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? literal) ? literal : IPAddress.Loopback;
        using var probe = new TcpListener(address, 0);
        try
        {
            probe.Start();
        }
        catch (SocketException e)
        {
            throw new StartupException($"{url} cannot be listened on: {e.Message}", e);
        }

        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        return string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{uri.Host}:{port}");
    }

    /// <summary>The address as others can name it: every address of the machine becomes the machine's name.</summary>
    /// <exception cref="StartupException">No http or https address.</exception>
    public static string PublicOf(string url)
    {
        if (!TryParse(url, out Uri? uri) || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps))
            throw new StartupException($"{url} is not an http or https address.");
        bool isAny = IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
        return string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{(isAny ? Environment.MachineName : uri.Host)}:{uri.Port}");
    }

    public static bool IsLoopback(string url)
        => TryParse(url, out Uri? uri)
            && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)));

    private static bool TryParse(string url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? uri)
        => Uri.TryCreate(
            url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out uri);
}
