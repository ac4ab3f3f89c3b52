using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;

namespace AutoBid.LoadGenerator;

/// <summary>
/// OpenRTB over HTTP against a null endpoint, and with ticks of 1,000 campaigns against without: alternating windows on one machine, medians and ratios.
/// </summary>
internal static class HttpBenchmark
{
    private static readonly TimeSpan Warmup = TimeSpan.FromSeconds(8);

    public static async Task<int> RunAsync(BenchmarkOptions options)
    {
        string folder = Directory.CreateTempSubdirectory("autobid-bench").FullName;
        try
        {
            var report = new StringBuilder();
            report.AppendLine("# OpenRTB over HTTP").AppendLine().AppendLine("Command: `./autobid bench http`").AppendLine().AppendLine(options.Machine);
            report.AppendLine(CultureInfo.InvariantCulture, $"- generator on the same machine; open loop, Poisson, {options.RequestsPerSecond} requests/s, 64 keep-alive connections; {options.Windows} alternating windows of {options.Window.TotalSeconds:0} s each; latency from the instant an arrival was due; 1 banner impression, 8 candidates out of {Requests.Campaigns} campaigns");
            report.AppendLine();

            int quietPort = FreePort(), busyPort = FreePort(), nullPort = FreePort();
            using TargetProcess quiet = await StartServiceAsync(quietPort, Path.Combine(folder, "quiet"), tickSeconds: 1800);
            byte[] answer = await SampleAnswerAsync(quietPort);
            using TargetProcess nothing = await TargetProcess.StartAsync(nullPort, Convert.ToBase64String(answer), "null", nullPort.ToString(CultureInfo.InvariantCulture));
            await CompareAsync(options, report, "service", quiet, "null endpoint", nothing);
            nothing.Freeze();
            using TargetProcess busy = await StartServiceAsync(busyPort, Path.Combine(folder, "busy"), tickSeconds: 1);
            await CompareAsync(options, report, "tick of 1,000 campaigns each second", busy, "no tick", quiet);

            Console.Write(report);
            if (options.Out is not null) await File.WriteAllTextAsync(options.Out, report.ToString());
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CompareAsync(BenchmarkOptions options, StringBuilder report, string name, TargetProcess target, string baseName, TargetProcess baseline)
    {
        byte[][] requests = Requests.Build(4_096, target.Port), baseRequests = Requests.Build(4_096, baseline.Port);
        target.Freeze();
        baseline.Thaw();
        await OpenLoop.RunAsync(baseline.Port, baseRequests, options.RequestsPerSecond, Warmup, 0);
        baseline.Freeze();
        target.Thaw();
        await OpenLoop.RunAsync(target.Port, requests, options.RequestsPerSecond, Warmup, 0);

        var windows = new List<(double[] Target, double[] Base)>();
        for (int w = 0; w < options.Windows; w++)
        {
            target.Freeze();
            baseline.Thaw();
            double[] without = await OpenLoop.RunAsync(baseline.Port, baseRequests, options.RequestsPerSecond, options.Window, (ulong)w + 1);
            baseline.Freeze();
            target.Thaw();
            double[] with = await OpenLoop.RunAsync(target.Port, requests, options.RequestsPerSecond, options.Window, (ulong)w + 1);
            windows.Add((with, without));
            Console.Error.WriteLine($"window {w + 1}/{options.Windows}: {name} p99 {At(with, 0.99):0.00} ms, {baseName} p99 {At(without, 0.99):0.00} ms");
        }

        double saturated = await OpenLoop.SaturateAsync(target.Port, requests, TimeSpan.FromSeconds(5));
        target.Freeze();
        baseline.Thaw();
        double baseSaturated = await OpenLoop.SaturateAsync(baseline.Port, baseRequests, TimeSpan.FromSeconds(5));
        baseline.Freeze();
        target.Thaw();

        report.AppendLine(CultureInfo.InvariantCulture, $"## {name} against {baseName}").AppendLine();
        report.AppendLine($"| | p50 ms | p90 ms | p99 ms (range over windows) | p99.9 ms | saturation requests/s |").AppendLine("|---|---|---|---|---|---|");
        report.AppendLine(Row(name, windows.Select(w => w.Target).ToList(), saturated)).AppendLine(Row(baseName, windows.Select(w => w.Base).ToList(), baseSaturated));
        double[] ratios = [.. windows.Select(w => At(w.Target, 0.99) / At(w.Base, 0.99)).Order()];
        report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Ratio of p99, window by window: median {ratios[ratios.Length / 2]:0.00}, range {ratios[0]:0.00} to {ratios[^1]:0.00}.").AppendLine();
    }

    private static string Row(string name, List<double[]> windows, double saturation)
    {
        double Median(double q)
        {
            double[] sorted = [.. windows.Select(w => At(w, q)).Order()];
            return sorted[sorted.Length / 2];
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(0.5):0.00} | {Median(0.9):0.00} | {Median(0.99):0.00} ({windows.Min(w => At(w, 0.99)):0.00} to {windows.Max(w => At(w, 0.99)):0.00}) | {Median(0.999):0.00} | {saturation:0} |");
    }

    private static double At(double[] sorted, double quantile) => sorted[Math.Min((int)(quantile * sorted.Length), sorted.Length - 1)];

    private static async Task<TargetProcess> StartServiceAsync(int port, string folder, double tickSeconds)
    {
        string[] arguments = ["service", port.ToString(CultureInfo.InvariantCulture), folder, tickSeconds.ToString(CultureInfo.InvariantCulture)];
        // Campaigns are made in a first life; the second one decides for all of them in its first tick.
        using (TargetProcess first = await TargetProcess.StartAsync(port, null, arguments))
        {
            using var http = new HttpClient { BaseAddress = new Uri(Targets.Address(port)) };
            for (int i = 0; i < Requests.Campaigns; i++)
            {
                using var body = new StringContent(Requests.Campaign(i), new MediaTypeHeaderValue("application/json"));
                using HttpResponseMessage answer = await http.PostAsync(new Uri("/v1/campaigns", UriKind.Relative), body);
                answer.EnsureSuccessStatusCode();
            }
        }

        return await TargetProcess.StartAsync(port, null, arguments);
    }

    private static async Task<byte[]> SampleAnswerAsync(int port)
    {
        using Connection connection = await Connection.OpenAsync(port);
        connection.Send(Requests.Build(1, port)[0]);
        (int status, int length) = await connection.ReceiveAsync();
        byte[] body = connection.LastBody(length);
        if (status != 200 || !Encoding.ASCII.GetString(body).Contains("seatbid", StringComparison.Ordinal))
            throw new InvalidOperationException($"the service does not bid: {status} {Encoding.ASCII.GetString(body)}");
        return body;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
