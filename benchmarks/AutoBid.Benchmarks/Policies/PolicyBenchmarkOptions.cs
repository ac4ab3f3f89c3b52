using System.Globalization;

namespace AutoBid.Benchmarks.Policies;

/// <summary>Arguments of <c>bench policy</c>.</summary>
internal sealed record PolicyBenchmarkOptions
{
    /// <summary>The table to write.</summary>
    public required string Out { get; init; }

    /// <summary>Model registry.</summary>
    public required string Models { get; init; }

    /// <summary>Population prior of the campaigns' market.</summary>
    public required string Prior { get; init; }

    /// <summary>Lines that describe the machine.</summary>
    public string Machine { get; init; } = "";

    /// <summary>Of measuring, for each row.</summary>
    public double Seconds { get; init; } = 8;

    /// <exception cref="ArgumentException">An option that is not known or has no value.</exception>
    public static PolicyBenchmarkOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new PolicyBenchmarkOptions { Out = "policies.md", Models = "policies/models", Prior = "policies/priors/auctionnet.json" };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--out" => options with { Out = args[i + 1] },
                "--models" => options with { Models = args[i + 1] },
                "--prior" => options with { Prior = args[i + 1] },
                "--machine" => options with { Machine = args[i + 1] },
                "--seconds" => options with { Seconds = double.Parse(args[i + 1], NumberStyles.Float, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"bench policy does not know {args[i]}"),
            };
        }

        return options;
    }
}
