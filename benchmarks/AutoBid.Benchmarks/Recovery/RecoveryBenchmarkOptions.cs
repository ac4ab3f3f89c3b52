using System.Globalization;

namespace AutoBid.Benchmarks.Recovery;

/// <summary>Arguments of <c>bench recovery</c>.</summary>
internal sealed record RecoveryBenchmarkOptions
{
    /// <summary>The table to write.</summary>
    public required string Out { get; init; }

    /// <summary>The built command line tool, autobid.dll.</summary>
    public required string Cli { get; init; }

    /// <summary>Lines that describe the machine.</summary>
    public string Machine { get; init; } = "";

    public int Campaigns { get; init; } = 100_000;

    /// <summary>Events in the log that no commit has: what a process that dies leaves behind.</summary>
    public int Events { get; init; } = 50_000;

    /// <summary>Starts measured on each database.</summary>
    public int Rounds { get; init; } = 3;

    /// <exception cref="ArgumentException">An option that is not known or has no value, or --cli is missing.</exception>
    public static RecoveryBenchmarkOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new RecoveryBenchmarkOptions { Out = "recovery.md", Cli = "" };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            string value = args[i + 1];
            options = args[i] switch
            {
                "--out" => options with { Out = value },
                "--cli" => options with { Cli = value },
                "--machine" => options with { Machine = value },
                "--campaigns" => options with { Campaigns = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--events" => options with { Events = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--rounds" => options with { Rounds = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"bench recovery does not know {args[i]}"),
            };
        }

        return File.Exists(options.Cli) ? options : throw new ArgumentException("bench recovery needs --cli FILE, the built autobid.dll");
    }
}
