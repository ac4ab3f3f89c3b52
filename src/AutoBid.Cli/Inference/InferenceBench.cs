using System.Globalization;
using System.Text;
using AutoBid.Cli.Exchange;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Cli.Inference;

/// <summary>
/// <c>autobid bench inference</c>: every model of the folders on every device, through the batcher that serves. Closed loop per batch beside the floor and
/// PyTorch; then an open loop stepping up until the device is full.
/// </summary>
internal sealed class InferenceBench(InferenceBenchOptions options, Action<string> say)
{
    private const int FewestRequests = 200;

    /// <summary>Share of misses beyond which a device is full.</summary>
    private const double Saturated = 0.2;

    private static readonly double[] Steps = [0.1, 0.25, 0.5, 0.7, 0.85, 1, 1.2];

    private readonly StringBuilder _page = new();

    /// <exception cref="CommandException">A model cannot be measured.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        CommandException? refused = null;
        foreach (string root in options.Models)
        {
            foreach (string folder in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).SelectMany(Directory.EnumerateDirectories))
            {
                string version = Path.GetFileName(folder), name = Path.GetFileName(Path.GetDirectoryName(folder)!);
                foreach (string device in options.Devices)
                {
                    cancellation.ThrowIfCancellationRequested();
                    try
                    {
                        Measure(root, name, version, folder, device);
                    }
                    catch (CommandException e)
                    {
                        // The others are worth their numbers all the same.
                        refused = e;
                        Line($"not measured: {e.Message}\n");
                        continue;
                    }

                    if (options.Checkpoints.TryGetValue($"{name}/{version}", out string? checkpoint)) await MeasureTorchAsync(name, version, checkpoint, device, cancellation);
                }
            }
        }

        if (options.Out is not null) await File.WriteAllTextAsync(options.Out, Head() + _page, cancellation);
        if (refused is not null) throw refused;
    }

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static int Callers(string device) => device == "cpu" ? 2 * Environment.ProcessorCount : 4 * Environment.ProcessorCount;

    private string Head() => $"# Inference\n\nCommand: `./autobid bench inference`\n\n{options.Machine}\n"
        + "- from feature rows in host memory to answers in host memory, through the batcher; \"floor\": the longest of arithmetic at the tensor cores' dense peak, weights and rows over device memory, copies over PCIe\n"
        + Text($"- open loop: Poisson arrivals, a deadline of {options.DeadlineMs} ms from when a request was due; a request that found no caller free waits for one, and that counts\n\n");

    private void Line(string text)
    {
        _page.Append(text).Append('\n');
        say(text);
    }

    private void Measure(string root, string name, string version, string folder, string device)
    {
        using var metrics = new PolicyMetrics();
        var batcherOptions = new BatcherOptions { Spin = device == "cuda" ? TimeSpan.FromMilliseconds(0.3) : default };
        using var registry = new ModelRegistry(root, new ModelRegistryOptions { Device = device, DeadlineMs = double.MaxValue, Batcher = batcherOptions }, metrics, TimeProvider.System);
        LiveModel model;
        try
        {
            model = registry.Examine(name, version);
        }
        catch (ModelRefusedException e)
        {
            throw new CommandException($"{name}/{version} on {device}: {e.Message}", e);
        }

        using (model.Policy as IDisposable)
        {
            ModelCard card = ModelCard.Parse(File.ReadAllBytes(Path.Combine(folder, "card.json")));
            ModelRows rows = ModelRows.Load(card, folder);
            InferenceBatcher batcher = ((IRetirable)model.Policy).Inference.Current;
            ModelCard.FileSpec file = card.Files.FirstOrDefault(f => f.Provider == device) ?? card.Files.First(f => f.Provider == "cpu");
            Line($"## {name}/{version} on {device}: {file.Path}, {file.Precision}\n");
            double best = CloseLoop(batcher, rows, file, folder, device);
            if (device == "cpu") Plain(File.ReadAllBytes(Path.Combine(folder, file.Path)), batcher, rows);
            else Line("memory for each bucket, bytes a slot: " + string.Join(", ", batcher.Memory().Take(batcher.Buckets.Length).Select(m => Text($"{m.Bucket}: {m.Bytes}"))) + "\n");
            OpenLoop(batcher, rows, device, best);
        }
    }

    private double CloseLoop(InferenceBatcher batcher, ModelRows rows, ModelCard.FileSpec file, string folder, string device)
    {
        Line("| batch | calls | p50 ms | p99 ms | rows a second | floor ms | bound by | p50 / floor |");
        Line("|---|---|---|---|---|---|---|---|");
        double inBytes = batcher.Inputs.Sum(t => t.RowLength * (t.Dtype == "int64" ? 8.0 : 4.0)), outBytes = batcher.Outputs.Sum(t => t.RowLength * 4.0);
        double best = 0;
        foreach (int batch in options.Batches)
        {
            LatencySummary latency = ClosedLoop.Measure(batcher, rows, batch, options.Seconds);
            best = Math.Max(best, batch / latency.P50Ms * 1000);
            string floor = "- | - | -";
            if (device == "cuda" && file.Flop is { } flop)
            {
                (double ms, string which) = options.Floor.Of(file.Precision, batch, flop, new FileInfo(Path.Combine(folder, file.Path)).Length, inBytes, outBytes);
                floor = Text($"{ms:0.0000} | {which} | {latency.P50Ms / ms:0}");
            }

            Line(Text($"| {batch} | {latency.Count} | {latency.P50Ms:0.000} | {latency.P99Ms:0.000} | {batch / latency.P50Ms * 1000:#,0} | {floor} |"));
        }

        Line("");
        return best;
    }

    /// <summary>The plain session and the batcher take turns, so that a disturbance of the machine meets both.</summary>
    private void Plain(byte[] model, InferenceBatcher batcher, ModelRows rows)
    {
        using OnnxSession session = OnnxSession.Open(model);
        var plain = new List<double>();
        var batched = new List<double>();
        for (int turn = 0; turn < 8; turn++)
        {
            plain.Add(ClosedLoop.MeasurePlain(session, rows, 1, options.Seconds / 8).P50Ms);
            batched.Add(ClosedLoop.Measure(batcher, rows, 1, options.Seconds / 8).P50Ms);
        }

        plain.Sort();
        batched.Sort();
        Line(Text($"batch 1, median of 8 turns: plain session {plain[4]:0.0000} ms, behind the batcher {batched[4]:0.0000} ms\n"));
    }

    private void OpenLoop(InferenceBatcher batcher, ModelRows rows, string device, double best)
    {
        Line("| rows a request | rows a second asked | in time | missed | p50 ms | p99 ms |");
        Line("|---|---|---|---|---|---|");
        foreach (int size in options.RequestRows)
        {
            // Small requests cannot fill the device; what their callers can ask at most is found first.
            double capacity = Capacity(batcher, rows, size, device, best);
            foreach (double step in Steps)
            {
                OpenLoopStep played = OpenLoopStep.Play(batcher, rows, size, step * capacity, options.Seconds, options.DeadlineMs, Callers(device));
                Line(Text($"| {size} | {played.Rate:#,0} | {played.Answered:#,0} | {100 * played.Missed:0.00} % | {played.Latency.P50Ms:0.000} | {played.Latency.P99Ms:0.000} |"));
            }
        }

        Line("");
    }

    /// <summary>Saturation: the most that is answered in time, whatever is asked. One step may be disturbed, and an idle virtual machine wakes late: only two full ones in a row end the search.</summary>
    private double Capacity(InferenceBatcher batcher, ModelRows rows, int size, string device, double best)
    {
        double answered = 0;
        int full = 0;
        for (double rate = best / 256; rate < 4 * best && full < 2; rate *= 2)
        {
            // A handful of requests says nothing.
            double seconds = Math.Clamp(FewestRequests * size / rate, options.Seconds.TotalSeconds / 4, 2 * options.Seconds.TotalSeconds);
            OpenLoopStep step = OpenLoopStep.Play(batcher, rows, size, rate, TimeSpan.FromSeconds(seconds), options.DeadlineMs, Callers(device));
            full = step.Missed > Saturated && step.Answered < answered ? full + 1 : 0;
            answered = Math.Max(answered, step.Answered);
        }

        return answered;
    }

    private async Task MeasureTorchAsync(string name, string version, string checkpoint, string device, CancellationToken cancellation)
    {
        (string torch, IReadOnlyList<TorchTiming> rows) = await TorchTiming.MeasureAsync(options, checkpoint, device, say, cancellation);
        if (rows.Count == 0) return;
        Line($"## {name}/{version} on {device}: PyTorch {torch}, the same weights\n");
        Line("| mode | precision | batch | p50 ms | p99 ms |");
        Line("|---|---|---|---|---|");
        foreach (TorchTiming row in rows) Line(Text($"| {row.Mode} | {row.Precision} | {row.Batch} | {row.P50 / 1000:0.000} | {row.P99 / 1000:0.000} |"));
        Line("");
    }
}
