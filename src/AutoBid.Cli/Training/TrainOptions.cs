namespace AutoBid.Cli.Training;

/// <summary>What <c>train</c> does.</summary>
internal sealed record TrainOptions
{
    /// <summary>Name of a file in <c>policies/configs</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Folder of an export; null: <c>data/train</c>, or with <see cref="Small"/> one made for the run.</summary>
    public string? Data { get; init; }

    /// <summary>Null: <c>data/runs/NAME</c>.</summary>
    public string? Out { get; init; }

    /// <summary>Time in which the run must end, its evaluation included; null: the steps of the config.</summary>
    public double? Minutes { get; init; }

    /// <summary>A run of seconds on a CPU: it shows that everything works, not how good it gets.</summary>
    public bool Small { get; init; }

    /// <summary>Go on from the checkpoint of an earlier run.</summary>
    public bool Resume { get; init; }

    /// <summary>Folder for the served model (graph, card, parity vectors, verdict); null: none.</summary>
    public string? Export { get; init; }
}
