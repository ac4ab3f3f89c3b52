using System.Globalization;

namespace AutoBid.LoadGenerator;

/// <summary>Command line of the HTTP benchmark.</summary>
internal sealed record BenchmarkOptions
{
    public string? Out { get; init; }

    public string Machine { get; init; } = "";

    public int RequestsPerSecond { get; init; } = 3_000;

    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(20);

    public int Windows { get; init; } = 7;

    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions();
        for (int i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--out" => options with { Out = args[++i] },
                "--machine" => options with { Machine = args[++i] },
                "--rate" => options with { RequestsPerSecond = int.Parse(args[++i], CultureInfo.InvariantCulture) },
                "--window" => options with { Window = TimeSpan.FromSeconds(double.Parse(args[++i], CultureInfo.InvariantCulture)) },
                "--windows" => options with { Windows = int.Parse(args[++i], CultureInfo.InvariantCulture) },
                "--quick" => options with { Window = TimeSpan.FromSeconds(4), Windows = 3 },
                _ => throw new ArgumentException($"unknown option {args[i]}"),
            };
        }

        return options;
    }
}
