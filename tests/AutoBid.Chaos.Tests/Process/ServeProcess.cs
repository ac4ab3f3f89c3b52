using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using AutoBid.Cli.Serving;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>
/// <c>autobid serve</c> as a process that can be killed, stopped and woken. Unlike the demo's child it keeps its address over restarts, so that notice URLs
/// handed out before a kill reach the one after it, and every line it said.
/// </summary>
internal sealed partial class ServeProcess : IAsyncDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly System.Diagnostics.Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private bool _isDisposed;

    private ServeProcess(System.Diagnostics.Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    public ConcurrentQueue<string> Lines { get; } = new();

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Starts the program without waiting until it is ready.</summary>
    public static ServeProcess Launch(int port, string data, params IEnumerable<string> more) => LaunchThrough([], port, data, more);

    /// <param name="through">Words before the command that replace themselves by it, such as <c>ip netns exec NAME</c>.</param>
    public static ServeProcess LaunchThrough(IReadOnlyList<string> through, int port, string data, IEnumerable<string> more)
    {
        string models = Directory.CreateDirectory(Path.Combine(data, "no-models")).FullName;
        string[] words = [.. through, "dotnet"];
        var start = new ProcessStartInfo(words[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            .. words[1..], Path.Combine(AppContext.BaseDirectory, "autobid.dll"), "serve", ServeCommand.StopWithInputOption,
            "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--data", data, "--tick", "1s", "--models", models, .. more,
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return new ServeProcess(System.Diagnostics.Process.Start(start)!);
    }

    /// <summary>Starts the program and waits until it says that it is ready.</summary>
    public static Task<ServeProcess> StartAsync(int port, string data, params IEnumerable<string> more) => Launch(port, data, more).ReadyAsync();

    /// <summary>Waits until it says that it is ready.</summary>
    public async Task<ServeProcess> ReadyAsync()
    {
        Task first = await Task.WhenAny(_ready.Task, _process.WaitForExitAsync(), Task.Delay(StartLimit));
        if (first == _ready.Task) return this;
        string said = string.Join('\n', Lines);
        await DisposeAsync();
        throw new InvalidOperationException($"the service did not become ready: {said}");
    }

    public bool HasSaid(string text) => Lines.Any(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Waits until the process has ended by itself.</summary>
    public async Task EndAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        await _process.WaitForExitAsync(deadline.Token);
        await _reading;
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        _ = Send(Id, SigKill);
        await EndAsync(TimeSpan.FromSeconds(20));
    }

    /// <summary>SIGSTOP.</summary>
    public void Stop() => Assert.Equal(0, Send(Id, SigStop));

    /// <summary>SIGCONT.</summary>
    public void Wake() => Assert.Equal(0, Send(Id, SigCont));

    /// <summary>SIGTERM, and waits until it has ended.</summary>
    public Task TerminateAsync()
    {
        Assert.Equal(0, Send(Id, SigTerm));
        return EndAsync(TimeSpan.FromSeconds(40));
    }

    /// <summary>Asks it to end, as SIGTERM would.</summary>
    public Task CloseAsync()
    {
        _process.StandardInput.Close();
        return EndAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
        {
            if (line.Length > 0) Lines.Enqueue(line);
            if (line.StartsWith(ServeCommand.ReadyPrefix, StringComparison.Ordinal)) _ready.TrySetResult();
        }
    }
}
