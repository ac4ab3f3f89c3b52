using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace AutoBid.LoadGenerator;

/// <summary>A target in its own process. It can be frozen, so that the one not measured takes no processor time.</summary>
internal sealed partial class TargetProcess : IDisposable
{
    private const int SigCont = 18;
    private const int SigStop = 19;

    private readonly Process _process;

    private TargetProcess(Process process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public static async Task<TargetProcess> StartAsync(int port, string? firstLine, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(TargetProcess).Assembly.Location);
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        if (firstLine is not null) await process.StandardInput.WriteLineAsync(firstLine);
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (line == "ready") return new TargetProcess(process, port);
        throw new InvalidOperationException($"{string.Join(' ', arguments)} did not start");
    }

    public void Freeze() => Signal(SigStop);

    public void Thaw() => Signal(SigCont);

    public void Dispose()
    {
        Thaw();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private void Signal(int signal)
    {
        if (Kill(_process.Id, signal) != 0) throw new InvalidOperationException($"cannot signal process {_process.Id.ToString(CultureInfo.InvariantCulture)}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
