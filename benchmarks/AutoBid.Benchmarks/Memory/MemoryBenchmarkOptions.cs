using System.Globalization;

namespace AutoBid.Benchmarks.Memory;

/// <summary>Arguments of <c>bench memory</c>.</summary>
internal sealed record MemoryBenchmarkOptions
{
    /// <summary>The table to write.</summary>
    public required string Out { get; init; }

    /// <summary>Lines that describe the machine.</summary>
    public string Machine { get; init; } = "";

    public int Idle { get; init; } = 1_000_000;

    public int Active { get; init; } = 100_000;

    /// <exception cref="ArgumentException">An option that is not known or has no value.</exception>
    public static MemoryBenchmarkOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new MemoryBenchmarkOptions { Out = "memory.md" };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            string value = args[i + 1];
            options = args[i] switch
            {
                "--out" => options with { Out = value },
                "--machine" => options with { Machine = value },
                "--idle" => options with { Idle = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                "--active" => options with { Active = int.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"bench memory does not know {args[i]}"),
            };
        }

        return options;
    }
}
