using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace AutoBid.Streaming.Tests.Kafka;

/// <summary>A real broker of its own in a temp folder, from the jars that AUTOBID_KAFKA_HOME names. Ends with the test, failed or not.</summary>
internal sealed class KafkaBroker : IDisposable
{
    private readonly string _script;
    private readonly TempFolder _folder;
    private readonly int _port = FreePort();
    private bool _started;
    private System.Net.IPAddress _host = System.Net.IPAddress.Loopback;

    public KafkaBroker()
    {
        string? home = Environment.GetEnvironmentVariable("AUTOBID_KAFKA_HOME");
        if (string.IsNullOrEmpty(home)) Assert.Skip("AUTOBID_KAFKA_HOME does not name a Kafka installation");
        _script = Path.Combine(home, "run.sh");
        if (!File.Exists(_script)) Assert.Skip($"{_script} does not exist");
        _folder = new TempFolder();
    }

    public string BootstrapServers => $"{_host}:{_port}";

    private string Data => Path.Combine(_folder.Path, "kafka");

    public void Start()
    {
        _started = true;
        Run("start", Data, _port.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Starts it for clients that reach this machine under another address than loopback, such as those in network namespaces.</summary>
    public void Start(System.Net.IPAddress host)
    {
        Start();
        Kill();
        string settings = Path.Combine(Data, "1.properties");
        string own = $"PLAINTEXT://127.0.0.1:{_port}";
        string[] lines = File.ReadAllLines(settings);
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("listeners=", StringComparison.Ordinal)) lines[i] = lines[i].Replace(own, $"PLAINTEXT://0.0.0.0:{_port}", StringComparison.Ordinal);
            if (lines[i].StartsWith("advertised.listeners=", StringComparison.Ordinal)) lines[i] = lines[i].Replace(own, $"PLAINTEXT://{host}:{_port}", StringComparison.Ordinal);
        }

        File.WriteAllLines(settings, lines);
        _host = host;
        Restart();
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => Run("kill", Data);

    public void Restart() => Run("restart", Data, "1");

    public void Dispose()
    {
        try
        {
            if (_started) Kill();
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private static int FreePort()
    {
        // The controller listens on the port above.
        while (true)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            int port = ((IPEndPoint)first.LocalEndpoint).Port;
            using var second = new TcpListener(IPAddress.Loopback, port + 1);
            try
            {
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: look further.
            }
        }
    }

    private void Run(params string[] arguments)
    {
        var info = new ProcessStartInfo("bash") { RedirectStandardError = true, RedirectStandardOutput = true };
        info.ArgumentList.Add(_script);
        foreach (string argument in arguments) info.ArgumentList.Add(argument);
        info.Environment["KAFKA_HEAP_MB"] = "256";
        using Process process = Process.Start(info)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"run.sh {arguments[0]} failed: {errors.Result}");
    }
}
