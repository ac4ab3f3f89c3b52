using System.Globalization;

namespace AutoBid.Benchmarks.Ingest;

/// <summary>Arguments of <c>bench ingest</c>.</summary>
internal sealed record IngestBenchmarkOptions
{
    /// <summary>The table to write.</summary>
    public required string Out { get; init; }

    /// <summary>Lines that describe the machine.</summary>
    public string Machine { get; init; } = "";

    public int Events { get; init; } = 2_000_000;

    public int Campaigns { get; init; } = 10_000;

    public int Rounds { get; init; } = 3;

    /// <summary>Bootstrap servers of a running broker; null: none, unless <see cref="KafkaHome"/> starts one.</summary>
    public string? Kafka { get; init; }

    /// <summary>Folder with run.sh that starts a broker; from AUTOBID_KAFKA_HOME.</summary>
    public string? KafkaHome { get; init; } = Environment.GetEnvironmentVariable("AUTOBID_KAFKA_HOME");

    /// <exception cref="ArgumentException">An option that is not known or has no value.</exception>
    public static IngestBenchmarkOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new IngestBenchmarkOptions { Out = "ingest.md" };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            string value = args[i + 1];
            options = args[i] switch
            {
                "--out" => options with { Out = value },
                "--machine" => options with { Machine = value },
                "--events" => options with { Events = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--campaigns" => options with { Campaigns = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--rounds" => options with { Rounds = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--kafka" => options with { Kafka = value },
                "--kafka-home" => options with { KafkaHome = value },
                _ => throw new ArgumentException($"bench ingest does not know {args[i]}"),
            };
        }

        return options;
    }
}
