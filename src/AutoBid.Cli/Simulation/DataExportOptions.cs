using AutoBid.Simulator.Export;

namespace AutoBid.Cli.Simulation;

/// <summary>What <c>export-data</c> makes.</summary>
internal sealed record DataExportOptions
{
    public required string Folder { get; init; }

    public ulong Seed { get; init; } = 1;

    /// <summary>Days of the training split; validation and test have a tenth each, at least one.</summary>
    public int Periods { get; init; } = 160;

    /// <summary>Line-ups of the training split.</summary>
    public int LineUps { get; init; } = 8;

    public int Opportunities { get; init; } = 500_000;

    /// <summary>Share of seats that leave their policy block by block; null: the mix's own.</summary>
    public double? Perturbed { get; init; }

    /// <summary>Version of the builder <c>scale-free</c>.</summary>
    public int Features { get; init; } = 1;

    /// <summary>Days before the first from which the prior is made.</summary>
    public int PriorPeriods { get; init; } = 8;

    /// <summary>Null: make one and write it beside the data.</summary>
    public string? PriorFile { get; init; }

    /// <summary>Days played at the same time; the data do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Replace an export in the folder instead of going on with it.</summary>
    public bool Fresh { get; init; }

    /// <summary>Null: no CSV. A name that ends in .gz is compressed.</summary>
    public string? Csv { get; init; }

    /// <summary>Split whose trajectories go into the CSV, whose rows do not name it; null: all of them.</summary>
    public DataSplit? CsvSplit { get; init; } = DataSplit.Train;
}
