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
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        return string.Create(CultureInfo.InvariantCulture, $"{uri.Scheme}://{uri.Host}:{port}");
    }

    public static bool IsLoopback(string url)
        => TryParse(url, out Uri? uri)
            && (uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address)));

    private static bool TryParse(string url, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Uri? uri)
        => Uri.TryCreate(
            url.Replace("*", "0.0.0.0", StringComparison.Ordinal).Replace("+", "0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out uri);
}
