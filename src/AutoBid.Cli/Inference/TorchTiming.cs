using System.Globalization;
using System.Text.Json;
using AutoBid.Cli.Training;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Inference;

/// <summary>A row of <c>policies/autobid_policies/common/timing.py</c>: microseconds of a call.</summary>
internal sealed record TorchTiming(string Mode, string Precision, int Batch, double P50, double P99)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Runs the script on a checkpoint.</summary>
    /// <returns>Its version of torch and its rows; no rows where torch is not there.</returns>
    public static async Task<(string Version, IReadOnlyList<TorchTiming> Rows)> MeasureAsync(
        InferenceBenchOptions options, string checkpoint, string device, Action<string> say, CancellationToken cancellation)
    {
        string report = Path.GetTempFileName();
        try
        {
            var python = new PythonProcess(options.Python, new Dictionary<string, string?> { ["PYTHONPATH"] = Path.Combine(Installation.Home, "policies") });
            string[] batches = [.. options.Batches.Select(batch => batch.ToString(CultureInfo.InvariantCulture))];
            string[] compile = options.Compile ? [] : ["--no-compile"];
            (int code, string last) = await python.RunAsync(
                ["-m", "autobid_policies.common.timing", "--checkpoint", checkpoint, "--device", device, "--seconds", options.Seconds.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--json", report, .. compile, "--batches", .. batches],
                say, static _ => { }, cancellation);
            if (code != 0)
            {
                say($"PyTorch is left out: {last}");
                return ("", []);
            }

            Report read = JsonSerializer.Deserialize<Report>(await File.ReadAllBytesAsync(report, cancellation), Json)!;
            return (read.Torch, read.Rows);
        }
        finally
        {
            File.Delete(report);
        }
    }

    private sealed record Report(string Torch, IReadOnlyList<TorchTiming> Rows);
}
