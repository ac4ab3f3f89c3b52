namespace AutoBid.Cli.Inference;

/// <summary>Settings of <c>bench inference</c>.</summary>
internal sealed record InferenceBenchOptions
{
    /// <summary>Folders of model registries; each version in them is measured.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    /// <summary>cpu, cuda.</summary>
    public required IReadOnlyList<string> Devices { get; init; }

    public IReadOnlyList<int> Batches { get; init; } = [1, 64, 1024, 8192];

    /// <summary>Rows of one request in the open loop.</summary>
    public IReadOnlyList<int> RequestRows { get; init; } = [1, 64];

    /// <summary>Of each row of a table.</summary>
    public TimeSpan Seconds { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Deadline of a request in the open loop.</summary>
    public double DeadlineMs { get; init; } = 5;

    /// <summary>name/version to the checkpoint that PyTorch is timed with.</summary>
    public IReadOnlyDictionary<string, string> Checkpoints { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>False: PyTorch eager only.</summary>
    public bool Compile { get; init; } = true;

    /// <summary>Program that has torch.</summary>
    public string Python { get; init; } = "python3";

    /// <summary>Markdown file; null: standard output only.</summary>
    public string? Out { get; init; }

    /// <summary>What is said about the machine at the head of the table.</summary>
    public string Machine { get; init; } = "";

    public DeviceFloor Floor { get; init; } = new();
}
