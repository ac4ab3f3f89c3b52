using AutoBid.Benchmarks.Simulator;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>The figures as benchmarks/results/ingest.md.</summary>
internal static class IngestTable
{
    private const double Target = 300_000;
    private const double KafkaTarget = 0.6;

    public static void Write(IngestBenchmarkOptions options, List<IngestRun> runs, List<(double Decode, double Dedupe)> parts, KafkaFigures? kafka)
    {
        string F(FormattableString text) => FormattableString.Invariant(text);
        string Reached(bool reached) => reached ? "reached" : "MISSED";
        double Median(Func<IngestRun, double> of) => SimulatorBenchmark.Median([.. runs.Select(of)]);
        double Micros(double seconds) => 1e6 * seconds / options.Events;
        double rate = Median(run => run.PerSecond), seconds = Median(run => run.Seconds);
        double reading = Median(run => run.Reading), committing = Median(run => run.Committing);
        double decode = SimulatorBenchmark.Median([.. parts.Select(one => one.Decode)]), dedupe = SimulatorBenchmark.Median([.. parts.Select(one => one.Dedupe)]);
        List<string> lines =
        [
            "# Ingest and apply with dedupe", "", "Command: `./autobid bench ingest`", "", options.Machine,
            F($"- {options.Events:N0} events of {options.Campaigns:N0} campaigns, backlog of an engine that runs: own bids (opportunities, losses, bills that end their holds) 62 %, foreign bills 12 %, conversions 6 %, bidstats 20 %; 2 % duplicates; {runs.Count} rounds, medians"),
            "- the engine's own loop: read, decode, dedupe, apply, commit into SQLite on disk (synchronous=FULL), no tick falls due; embedded log without fsync of its appends; server GC", "",
            "| from the embedded log | events a second | range |", "|---|---|---|",
            F($"| whole engine | {rate:N0} | {runs.Min(run => run.PerSecond):N0} to {runs.Max(run => run.PerSecond):N0} |"), "",
            "| where time goes | microseconds an event |", "|---|---|",
            F($"| wall clock of the loop | {Micros(seconds):0.00} |"),
            F($"| of it: waiting for decoded events (the rest of decoding runs beside it) | {Micros(reading):0.00} |"),
            F($"| the store at work on commits, mostly beside the loop ({Median(run => run.Commits):0} commits, {Median(run => run.States):N0} campaign states, {Median(run => run.BlockBytes) / options.Events:0.0} bytes of dedupe blocks an event) | {Micros(committing):0.00} |"),
            F($"| by itself: read and decode from the log, one batch ahead | {Micros(decode):0.00} |"),
            F($"| by itself: dedupe | {Micros(dedupe):0.00} |"),
            F($"| processor time on both cores | {Micros(Median(run => run.CpuSeconds)):0.00} |"), "",
        ];
        if (kafka is not null)
        {
            double[] ratios = [.. kafka.Bare.Zip(kafka.Engine, (bare, engine) => engine / bare)];
            lines.AddRange(
            [
                "| from a Kafka broker on the same machine | events a second | range |", "|---|---|---|",
                F($"| bare consumer, messages dropped | {SimulatorBenchmark.Median([.. kafka.Bare]):N0} | {kafka.Bare.Min():N0} to {kafka.Bare.Max():N0} |"),
                F($"| whole engine | {SimulatorBenchmark.Median([.. kafka.Engine]):N0} | {kafka.Engine.Min():N0} to {kafka.Engine.Max():N0} |"), "",
                F($"Engine against bare consumer, round by round: median {SimulatorBenchmark.Median(ratios):0.00}, {ratios.Min():0.00} to {ratios.Max():0.00}."), "",
            ]);
        }

        lines.AddRange(["## Targets", "", F($"- at least 300,000 events a second from the embedded log on two cores: {rate:N0}, {Reached(rate >= Target)}")]);
        if (kafka is not null)
        {
            double ratio = SimulatorBenchmark.Median([.. kafka.Bare.Zip(kafka.Engine, (bare, engine) => engine / bare)]);
            lines.Add(F($"- at least 60 % of the bare consumer's rate from Kafka: {100 * ratio:0} %, {Reached(ratio >= KafkaTarget)}"));
        }

        File.WriteAllText(options.Out, string.Join('\n', [.. lines, "- bytes a remembered event and the filters' false positives: [memory.md](memory.md)", ""]));
        Console.WriteLine(File.ReadAllText(options.Out));
    }
}
