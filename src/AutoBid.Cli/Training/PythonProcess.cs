using System.ComponentModel;
using System.Diagnostics;

namespace AutoBid.Cli.Training;

/// <summary>Runs a program to its end, hands on each line as it comes and remembers its last word.</summary>
internal sealed class PythonProcess(string program, IReadOnlyDictionary<string, string?> environment)
{
    /// <summary>Runs the program; a cancelled run is ended with everything that it started.</summary>
    /// <param name="arguments">Its command line.</param>
    /// <param name="line">Called with each line of standard output, from one thread at a time.</param>
    /// <param name="error">Called with each line of standard error, likewise.</param>
    /// <returns>Exit code, and the last line of standard error that is not empty.</returns>
    /// <exception cref="CommandException">It could not be started.</exception>
    public async Task<(int ExitCode, string LastWord)> RunAsync(
        IReadOnlyList<string> arguments, Action<string> line, Action<string> error, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        foreach ((string name, string? value) in environment)
        {
            if (value is not null) start.Environment[name] = value;
        }

        using Process process = Start(start);
        string last = "";
        Task output = ForwardAsync(process.StandardOutput, line);
        Task errors = ForwardAsync(process.StandardError, text =>
        {
            if (text.Trim() is { Length: > 0 } word) last = word;
            error(text);
        });
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            // Killed is not gone: the caller may count on the process having left its files.
            await process.WaitForExitAsync(CancellationToken.None);
            throw;
        }
        finally
        {
            await Task.WhenAll(output, errors);
        }

        return (process.ExitCode, last);
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new CommandException($"{start.FileName} could not be started");
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"{start.FileName} could not be started ({e.Message})", e);
        }
    }

    private static async Task ForwardAsync(StreamReader reader, Action<string> line)
    {
        while (await reader.ReadLineAsync() is { } text) line(text);
    }
}
