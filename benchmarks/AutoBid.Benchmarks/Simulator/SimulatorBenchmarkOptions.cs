using System.Globalization;

namespace AutoBid.Benchmarks.Simulator;

/// <summary>Arguments of <c>bench simulator</c>.</summary>
internal sealed record SimulatorBenchmarkOptions
{
    /// <summary>The table to write.</summary>
    public required string Out { get; init; }

    /// <summary>Population prior of the market.</summary>
    public required string Prior { get; init; }

    /// <summary>Lines that describe the machine.</summary>
    public string Machine { get; init; } = "";

    public int Rounds { get; init; } = 11;

    /// <exception cref="ArgumentException">An option that is not known or has no value.</exception>
    public static SimulatorBenchmarkOptions Parse(ReadOnlySpan<string> args)
    {
        var options = new SimulatorBenchmarkOptions { Out = "simulator.md", Prior = "policies/priors/auctionnet.json" };
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) throw new ArgumentException($"{args[i]} needs a value");
            options = args[i] switch
            {
                "--out" => options with { Out = args[i + 1] },
                "--prior" => options with { Prior = args[i + 1] },
                "--machine" => options with { Machine = args[i + 1] },
                "--rounds" => options with { Rounds = int.Parse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture) },
                _ => throw new ArgumentException($"bench simulator does not know {args[i]}"),
            };
        }

        return options;
    }
}
