using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace AutoBid.Tests.Shared;

/// <summary>
/// A PostgreSQL server for tests: the one that AUTOBID_TEST_POSTGRES names (a connection string), else a cluster of its own from local binaries, in a
/// temporary folder, on a free port of 127.0.0.1, removed at the end. A server of its own can be killed and started again.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Environment variable with a connection string to use instead of an own server.</summary>
    public const string Variable = "AUTOBID_TEST_POSTGRES";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string? _binaries;
    private readonly string? _folder;
    private readonly string[] _asUser;
    private readonly int _port;
    private readonly bool _durable;
    private readonly IPAddress? _also;
    private Process? _process;

    private PostgresServer(string connectionString) => (ConnectionString, _asUser) = (connectionString, []);

    private PostgresServer(string binaries, string folder, string[] asUser, int port, bool durable, IPAddress? also)
    {
        (_binaries, _folder, _asUser, _port, _durable, _also) = (binaries, folder, asUser, port, durable, also);
        ConnectionString = string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=autobid;Database=postgres");
    }

    /// <summary>Of a role that may create schemas and databases.</summary>
    public string ConnectionString { get; }

    /// <summary>True when <see cref="Kill"/> and <see cref="RestartAsync"/> may be used.</summary>
    public bool IsOwn => _folder is not null;

    /// <summary>Why no server can be had here; null: one can.</summary>
    public static string? WhyNot
    {
        get
        {
            if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))) return null;
            if (FindBinaries() is null) return $"no PostgreSQL here: neither {Variable} is set nor are initdb and postgres on PATH or under /usr/lib/postgresql";
            return AsUser() is null ? "PostgreSQL does not run as root, and there is neither setpriv nor runuser to start it as another user" : null;
        }
    }

    /// <param name="own">True: never the server of the environment, for tests that kill it.</param>
    /// <param name="durable">False: the server does not wait for the disk; what it committed survives its own death all the same.</param>
    /// <param name="also">Own server: an address of this machine that it serves too, to clients whose address differs from it in the last byte only.</param>
    public static async Task<PostgresServer> StartAsync(bool own = false, bool durable = false, IPAddress? also = null)
    {
        if (!own && Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return new PostgresServer(given);
        string binaries = FindBinaries() ?? throw new InvalidOperationException(WhyNot);
        string[] asUser = AsUser() ?? throw new InvalidOperationException(WhyNot);
        string folder = Directory.CreateTempSubdirectory("autobid-postgres-").FullName;
        var server = new PostgresServer(binaries, folder, asUser, FreePort(), durable, also);
        try
        {
            if (asUser.Length > 0) await RunAsync("chown", [asUser[^1], folder], []);
            await RunAsync(Path.Combine(binaries, "initdb"), ["-D", Path.Combine(folder, "data"), "-U", "autobid", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"], asUser);
            if (also is not null) await File.AppendAllTextAsync(Path.Combine(folder, "data", "pg_hba.conf"), $"host all all {also}/24 trust\n");
            await server.StartProcessAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection string whose tables live in a new schema of their own.</summary>
    /// <param name="host">Address under which the server is reached; null: loopback.</param>
    public async Task<string> NewSchemaAsync(IPAddress? host = null)
    {
        string schema = $"t{Guid.NewGuid():N}";
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
        await using NpgsqlCommand create = source.CreateCommand($"CREATE SCHEMA {schema}");
        await create.ExecuteNonQueryAsync();
        string reached = host is null ? ConnectionString : ConnectionString.Replace("Host=127.0.0.1", $"Host={host}", StringComparison.Ordinal);
        return $"{reached};Search Path={schema}";
    }

    /// <summary>Ends the server and all its processes at once, as a power cut of its machine would.</summary>
    public void Kill()
    {
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Starts the server again, on the same port and files; returns when it answers.</summary>
    public async Task RestartAsync()
    {
        if (!IsOwn) throw new InvalidOperationException($"The server that {Variable} names is not ours to restart.");
        Kill();
        await StartProcessAsync();
    }

    public ValueTask DisposeAsync()
    {
        Kill();
        try
        {
            if (_folder is not null) Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A process of the server was still at it; the folder lies where temporary files do.
        }

        return ValueTask.CompletedTask;
    }

    private async Task StartProcessAsync()
    {
        string data = Path.Combine(_folder!, "data");
        // Left behind by a server that was killed; a start refuses to go over it while another process bears its number.
        File.Delete(Path.Combine(data, "postmaster.pid"));
        string[] arguments =
        [
            "-D", data, "-p", _port.ToString(CultureInfo.InvariantCulture), "-c", $"listen_addresses=127.0.0.1{(_also is null ? "" : $",{_also}")}", "-c", $"unix_socket_directories={_folder}",
            "-c", $"fsync={(_durable ? "on" : "off")}", "-c", "shared_buffers=64MB", "-c", "max_connections=200", "-c", "logging_collector=off",
        ];
        _process = Start(Path.Combine(_binaries!, "postgres"), arguments, _asUser);
        // Its messages must be read, or it stops when the pipe is full.
        string last = "";
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += (_, line) => last = line.Data ?? last;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using NpgsqlConnection connection = new(ConnectionString + ";Pooling=false;Timeout=2");
                await connection.OpenAsync();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
            {
                if (_process.HasExited) throw new InvalidOperationException($"PostgreSQL ended at its start: {last}", e);
                if (Stopwatch.GetElapsedTime(started) > StartLimit) throw new InvalidOperationException($"PostgreSQL does not answer after {StartLimit.TotalSeconds} s: {last}", e);
                await Task.Delay(20);
            }
        }
    }

    private static string? FindBinaries()
    {
        IEnumerable<string> folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        if (Directory.Exists("/usr/lib/postgresql"))
        {
            folders = folders.Concat(Directory.GetDirectories("/usr/lib/postgresql")
                .OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out int version) ? version : 0).Select(folder => Path.Combine(folder, "bin")));
        }

        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")));
    }

    /// <summary>The words before a command that make it run as a user that PostgreSQL accepts; null: that cannot be done. The last one is the user's name.</summary>
    private static string[]? AsUser()
    {
        if (Environment.UserName != "root") return [];
        string user = File.ReadLines("/etc/passwd").Any(line => line.StartsWith("postgres:", StringComparison.Ordinal)) ? "postgres" : "nobody";
        if (File.Exists("/usr/bin/setpriv")) return ["/usr/bin/setpriv", "--clear-groups", "--reuid", user];
        return File.Exists("/usr/sbin/runuser") ? ["/usr/sbin/runuser", "-u", user] : null;
    }

    private static async Task RunAsync(string program, string[] arguments, string[] asUser)
    {
        using Process process = Start(program, arguments, asUser);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{Path.GetFileName(program)} failed: {error}");
    }

    private static Process Start(string program, string[] arguments, string[] asUser)
    {
        string[] words = [.. asUser, .. asUser is ["/usr/sbin/runuser", ..] ? (string[])["--"] : [], program, .. arguments];
        var start = new ProcessStartInfo(words[0]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        foreach (string word in words[1..]) start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
