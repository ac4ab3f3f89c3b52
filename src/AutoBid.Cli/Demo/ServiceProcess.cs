using System.Diagnostics;
using AutoBid.Cli.Serving;

namespace AutoBid.Cli.Demo;

/// <summary>
/// The service as a child of this process. It never outlives it: disposing ends it, an exit of this process kills it, and should this process be killed
/// itself, the end of the pipe at the child's standard input tells the child to stop.
/// </summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly EventHandler _onExit;
    private readonly TaskCompletionSource<Uri> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _output;
    private readonly Task _error;
    private volatile string? _lastLine;

    private ServiceProcess(Process process)
    {
        _process = process;
        _onExit = (_, _) => Kill();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
        _error = ReadErrorsAsync();
        _output = ReadOutputAsync();
    }

    /// <summary>Starts <c>serve</c> with these arguments and waits until it says that it is ready.</summary>
    /// <param name="program">Executable, then the arguments before <c>serve</c>.</param>
    /// <exception cref="CommandException">It ended or was not ready in time; the message holds its last word.</exception>
    public static async Task<(ServiceProcess Service, Uri Address)> StartAsync(
        IReadOnlyList<string> program, IReadOnlyList<string> arguments, TimeSpan timeout, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in program.Skip(1)) start.ArgumentList.Add(argument);
        start.ArgumentList.Add("serve");
        start.ArgumentList.Add(ServeCommand.StopWithInputOption);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        ServiceProcess service;
        try
        {
            service = new ServiceProcess(Process.Start(start) ?? throw new CommandException($"{program[0]} could not be started"));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CommandException($"{program[0]} could not be started ({e.Message})", e);
        }

        try
        {
            return (service, await service._ready.Task.WaitAsync(timeout, cancellation));
        }
        catch (TimeoutException e)
        {
            string last = service.LastWord;
            await service.DisposeAsync();
            throw new CommandException($"the service was not ready within {timeout.TotalSeconds:0} s{last}", e);
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>The program that runs now, as a command line to run it again.</summary>
    public static IReadOnlyList<string> Self
    {
        get
        {
            string library = typeof(ServiceProcess).Assembly.Location;
            string? host = Environment.ProcessPath;
            // A test host or another apphost is not this program; the muxer runs the library whatever started it.
            if (host is null || !Path.GetFileNameWithoutExtension(host).Equals("dotnet", StringComparison.OrdinalIgnoreCase)) host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
            return [host, library];
        }
    }

    public int Id => _process.Id;

    /// <summary>What became of the child, as the end of a sentence; empty while it runs.</summary>
    public string Fate => _process.HasExited ? $" (the service ended with exit code {_process.ExitCode}{LastWord})" : "";

    /// <summary>The last line it wrote: a log line or its error.</summary>
    private string LastWord => _lastLine is { } line ? $": {line}" : "";

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        if (!_process.HasExited)
        {
            try
            {
                _process.StandardInput.Close();
                using var grace = new CancellationTokenSource(Grace);
                await _process.WaitForExitAsync(grace.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                Kill();
                await _process.WaitForExitAsync(CancellationToken.None);
            }
        }

        await Task.WhenAll(_output, _error);
        _process.Dispose();
    }

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Gone already.
        }
    }

    private async Task ReadOutputAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line.StartsWith(ServeCommand.ReadyPrefix, StringComparison.Ordinal) && Uri.TryCreate(line[ServeCommand.ReadyPrefix.Length..].Trim(), UriKind.Absolute, out Uri? address))
                _ready.TrySetResult(address);
            else Remember(line);
        }

        // The last word on standard error may still be on its way.
        await Task.WhenAll(_process.WaitForExitAsync(), _error);
        _ready.TrySetException(new CommandException($"the service ended before it was ready, exit code {_process.ExitCode}{LastWord}"));
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line) Remember(line);
    }

    private void Remember(string line)
    {
        if (line.Length > 0) _lastLine = line;
    }
}
