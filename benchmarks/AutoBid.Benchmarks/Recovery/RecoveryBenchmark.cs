using System.Diagnostics;
using System.Globalization;
using AutoBid.Benchmarks.Ingest;
using AutoBid.Engine.Ports;
using AutoBid.Storage.Postgres;
using AutoBid.Storage.Sqlite;
using AutoBid.Streaming;
using AutoBid.Streaming.Embedded;
using AutoBid.Tests.Shared;
using Microsoft.Extensions.Logging.Abstractions;

namespace AutoBid.Benchmarks.Recovery;

/// <summary>
/// <c>autobid bench recovery</c>: the start of <c>autobid serve</c> on what a process left that died with many active campaigns, until it says that it is ready:
/// settings and ledger read, backlog applied, all campaigns decided, listening. Each start is killed (SIGKILL), so that the next one recovers too.
/// </summary>
internal sealed class RecoveryBenchmark(RecoveryBenchmarkOptions options)
{
    private const double Target = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Parts of a start, as <c>autobid_recovery_duration_seconds</c> names them, and what they are.</summary>
    private static readonly (string Part, string What)[] Parts =
    [
        ("settings", "settings read, parsed, indexed"),
        ("ledger", "partitions claimed, states, leases and dedupe blocks read"),
        ("restore", "states decoded, dedupe memory built, leases compared"),
        ("backlog", "events that no commit had applied"),
        ("tick", "first tick: steps closed, decisions made and published"),
    ];

    private readonly HttpClient _http = new();

    public async Task RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("autobid-recovery-").FullName;
        try
        {
            double bare = (await StartsAsync(Path.Combine(folder, "bare"), null))[0].Seconds;
            (RecoveryState state, Start[] sqlite) = await SqliteAsync(Path.Combine(folder, "sqlite"));
            Start[]? postgres = PostgresServer.WhyNot is null ? await PostgresAsync(Path.Combine(folder, "postgres")) : null;
            Write(state, bare, sqlite, postgres);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<(RecoveryState State, Start[] Starts)> SqliteAsync(string data)
    {
        var state = new RecoveryState(options.Campaigns);
        Directory.CreateDirectory(data);
        await using (SqliteDatabase database = await SqliteDatabase.OpenAsync(Path.Combine(data, "autobid.db")))
            await state.WriteAsync(new SqliteCampaignStore(database), new SqliteLedgerStore(database));
        await FillLogAsync(state, data);
        return (state, await StartsAsync(data, null));
    }

    private async Task<Start[]> PostgresAsync(string data)
    {
        var state = new RecoveryState(options.Campaigns);
        await using PostgresServer server = await PostgresServer.StartAsync(own: true, durable: true);
        string connection = await server.NewSchemaAsync();
        await using (PostgresDatabase database = await PostgresDatabase.OpenAsync(connection))
            await state.WriteAsync(new PostgresCampaignStore(database), new PostgresLedgerStore(database));
        await FillLogAsync(state, data);
        return await StartsAsync(data, connection);
    }

    private async Task FillLogAsync(RecoveryState state, string data)
    {
        var names = new Streaming.Json.CampaignNames();
        foreach (Core.Campaigns.Campaign campaign in state.Campaigns) names.Learn(campaign);
        await using var log = new EmbeddedEventLog(
            new EventLogOptions { Directory = Path.Combine(data, "log"), Fsync = false }, names, NullLogger<EmbeddedEventLog>.Instance, TimeProvider.System);
        await log.StartAsync(new Nobody(), default);
        await state.WriteAsync(log, options.Events);
    }

    private async Task<Start[]> StartsAsync(string data, string? postgres)
    {
        string models = Directory.CreateDirectory(Path.Combine(data, "no-models")).FullName;
        var starts = new Start[options.Rounds];
        for (int round = 0; round < starts.Length; round++)
        {
            string[] database = postgres is null ? [] : ["--postgres", postgres];
            string[] arguments = [options.Cli, "serve", "--urls", "http://127.0.0.1:0", "--data", data, "--models", models, "--quiet", .. database];
            var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            long started = Stopwatch.GetTimestamp();
            using Process process = Process.Start(start)!;
            try
            {
                process.ErrorDataReceived += (_, line) => Console.Error.WriteLine(line.Data);
                process.BeginErrorReadLine();
                using var limit = new CancellationTokenSource(Limit);
                string? line;
                do line = await process.StandardOutput.ReadLineAsync(limit.Token);
                while (line is not null && !line.StartsWith("autobid ready on ", StringComparison.Ordinal));
                if (line is null) throw new InvalidOperationException("The service ended before it was ready.");
                double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
                starts[round] = new Start(seconds, await PartsAsync(line["autobid ready on ".Length..].Split(' ', ',')[0]));
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }

            Console.WriteLine(FormattableString.Invariant($"{(postgres is null ? "SQLite" : "PostgreSQL")}, {Path.GetFileName(data)}: ready after {starts[round].Seconds:0.0} s"));
        }

        return starts;
    }

    /// <summary>Seconds of each part of the start, as the service tells them.</summary>
    private async Task<double[]> PartsAsync(string url)
    {
        string[] lines = (await _http.GetStringAsync($"{url}/metrics")).Split('\n');
        return [.. Parts.Select(one => lines
            .Where(line => line.StartsWith("autobid_recovery_duration_seconds_sum{", StringComparison.Ordinal) && line.Contains($"part=\"{one.Part}\"", StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.IndexOf('}', StringComparison.Ordinal) + 2)..].Split(' ')[0], CultureInfo.InvariantCulture)))];
    }

    private void Write(RecoveryState state, double bare, Start[] sqlite, Start[]? postgres)
    {
        string F(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
        string Row(string name, Start[] starts)
        {
            double[] seconds = [.. starts.Select(start => start.Seconds)];
            string later = seconds.Length == 1 ? "-" : F($"{seconds.Skip(1).Order().ElementAt((seconds.Length - 1) / 2):0.0}");
            return F($"| {name} | {seconds[0]:0.0} | {later} | {(seconds.Max() <= Target ? "reached" : "MISSED")} |");
        }

        File.WriteAllText(options.Out, string.Join('\n',
        [
            "# Recovery", "", "Command: `./autobid bench recovery`", "", options.Machine,
            F($"- {options.Campaigns:N0} active campaigns at noon of their day: {state.BlobBytes / (double)options.Campaigns:0} bytes of state each (24 steps closed, 20 curves), an open lease each, {state.Remembered:N0} remembered events"),
            F($"- {options.Events:N0} events in the embedded log that no commit has (first start only: the next ones find them committed); one node; {options.Rounds} starts, each ended by SIGKILL"),
            "- seconds from the start of the `serve` process until it says that it is ready: settings and ledger read, backlog applied and committed, every campaign decided once", "",
            F($"| database | first start, s | later ones, median | aim of {Target:0} s |"), "|---|---|---|---|",
            Row("SQLite", sqlite), postgres is null ? "| PostgreSQL | not measured: none here | | |" : Row("PostgreSQL, on the same machine", postgres), "",
            F($"A service without campaigns is ready after {bare:0.0} s: that much is the process itself."), "",
            "Where the time of the last start goes, seconds (metric `autobid_recovery_duration_seconds`):", "",
            "| part | SQLite | PostgreSQL |", "|---|---|---|",
            .. Parts.Select((part, i) => F($"| {part.What} | {sqlite[^1].Parts[i]:0.0} | {(postgres is null ? "-" : F($"{postgres[^1].Parts[i]:0.0}"))} |")), "",
        ]));
        Console.WriteLine(File.ReadAllText(options.Out));
    }

    /// <param name="Seconds">From the start of the process until it is ready.</param>
    /// <param name="Parts">Seconds of each of <see cref="RecoveryBenchmark.Parts"/>.</param>
    private sealed record Start(double Seconds, double[] Parts);

    /// <summary>Owns what it is given and applies nothing: only appends are wanted of the log.</summary>
    private sealed class Nobody : IPartitionOwner
    {
        public ValueTask TakeAsync(IReadOnlyList<int> partitions, Func<IReadOnlyList<PartitionOffset>, ValueTask> begin, CancellationToken cancellation) => begin([]);

        public ValueTask GiveUpAsync(IReadOnlyList<int> partitions, Action end, CancellationToken cancellation)
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
