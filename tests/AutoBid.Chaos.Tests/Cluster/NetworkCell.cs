using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AutoBid.Chaos.Tests.Cluster;

/// <summary>
/// A network namespace with one cable to this machine, which can be cut: what is sent over it then is lost in silence, as between machines. A program in it
/// reaches <see cref="Host"/> and itself, nothing else. Needs root; without it the test is skipped and says so.
/// </summary>
internal sealed partial class NetworkCell : IDisposable
{
    private const int NewNetwork = 0x40000000;

    private readonly string _name;
    private readonly string _cable;

    private NetworkCell(int number)
    {
        _name = $"autobid-{Environment.ProcessId}-{number}";
        _cable = $"ab{Environment.ProcessId}-{number}";
        Number = number;
    }

    /// <summary>This machine's address, as all cells see it.</summary>
    public static IPAddress Host { get; } = new([10, 77, (byte)(Environment.ProcessId % 250), 1]);

    public int Number { get; }

    /// <summary>Words before a command that make it run in the cell.</summary>
    public IReadOnlyList<string> Through => ["ip", "netns", "exec", _name];

    /// <summary>Joins this machine and so many cells by a bridge. Disposed together, in any order.</summary>
    public static NetworkCell[] Make(int count)
    {
        string bridge = Bridge;
        if (Run("ip", "link", "add", bridge, "type", "bridge") is { } refused)
            Assert.Skip($"network namespaces cannot be made here: {refused}");
        var cells = new List<NetworkCell>();
        try
        {
            Must("addr", "add", $"{Host}/24", "dev", bridge);
            Must("link", "set", bridge, "up");
            for (int i = 0; i < count; i++)
            {
                var cell = new NetworkCell(i);
                if (Run("ip", "netns", "add", cell._name) is { } why) Assert.Skip($"network namespaces cannot be made here: {why}");
                cells.Add(cell);
                Must("link", "add", cell._cable, "type", "veth", "peer", "name", "eth0", "netns", cell._name);
                Must("link", "set", cell._cable, "master", bridge, "up");
                Must("-n", cell._name, "link", "set", "lo", "up");
                byte[] address = Host.GetAddressBytes();
                address[3] = (byte)(10 + i);
                Must("-n", cell._name, "addr", "add", $"{new IPAddress(address)}/24", "dev", "eth0");
                Must("-n", cell._name, "link", "set", "eth0", "up");
            }

            return [.. cells];
        }
        catch
        {
            foreach (NetworkCell cell in cells) cell.Dispose();
            Run("ip", "link", "del", bridge);
            throw;
        }
    }

    private static string Bridge => $"abbr{Environment.ProcessId}";

    /// <summary>Nothing passes the cable any more, in either direction.</summary>
    public void Cut() => Must("link", "set", _cable, "down");

    public void Heal() => Must("link", "set", _cable, "up");

    /// <summary>Connects to a port of the cell's own loopback address, cut or not.</summary>
    public async ValueTask<Stream> ConnectAsync(int port, CancellationToken cancellation)
    {
        Socket socket = MakeSocket();
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Run("ip", "netns", "del", _name);
        // The last one takes the bridge down; it cannot be told which one that is, so each tries when its cable is gone.
        Run("ip", "link", "del", _cable);
        if (Run("ip", "netns", "list") is null && !Directory.EnumerateFiles("/var/run/netns", $"autobid-{Environment.ProcessId}-*").Any()) Run("ip", "link", "del", Bridge);
    }

    /// <summary>A socket belongs to the namespace that its thread was in when it was made.</summary>
    private Socket MakeSocket()
    {
        Socket? socket = null;
        Exception? failure = null;
        // A thread of its own: one that could not go back must not serve others.
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle cell = File.OpenHandle($"/var/run/netns/{_name}");
                if (SetNamespace(cell, NewNetwork) != 0) throw new IOException($"cannot enter {_name}: error {Marshal.GetLastPInvokeError()}");
                socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new IOException($"no socket in {_name}", failure);
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle handle, int type);

    private static void Must(params string[] arguments)
    {
        if (Run("ip", arguments) is { } refused) throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {refused}");
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
                new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.OutputDataReceived += static (_, _) => { };
            process.BeginOutputReadLine();
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : errors.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
