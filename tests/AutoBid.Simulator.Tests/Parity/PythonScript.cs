using System.ComponentModel;
using System.Diagnostics;

namespace AutoBid.Simulator.Tests.Parity;

/// <summary>Runs a script of policies/tests with the Python that trains.</summary>
internal static class PythonScript
{
    /// <summary>Repository root: the folder above the test binaries that holds the solution.</summary>
    private static string Home
    {
        get
        {
            string? folder = AppContext.BaseDirectory;
            while (folder is not null && !File.Exists(Path.Combine(folder, "AutoBid.sln"))) folder = Path.GetDirectoryName(folder);
            return folder ?? throw new InvalidOperationException("the tests do not lie in a checkout");
        }
    }

    /// <summary>Standard output of the script; skips the test, with the reason, where there is no Python with torch.</summary>
    public static async Task<string> RunAsync(string name, params string[] arguments)
    {
        (int found, string python, string reason) = await StartAsync("bash", Path.Combine(Home, "eng", "python.sh"));
        if (found != 0) Assert.Skip(reason.Trim());
        (int code, string output, string error) = await StartAsync(python.Trim(), [Path.Combine(Home, "policies", "tests", name), .. arguments]);
        Assert.True(code == 0, error);
        return output;
    }

    private static async Task<(int Code, string Output, string Error)> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OPENBLAS_NUM_THREADS"] = "1";
        try
        {
            using Process process = Process.Start(start)!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync();
            return (process.ExitCode, await output, await error);
        }
        catch (Win32Exception e)
        {
            return (1, "", $"{program} could not be started: {e.Message}");
        }
    }
}
