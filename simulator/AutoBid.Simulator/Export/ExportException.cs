namespace AutoBid.Simulator.Export;

/// <summary>An export cannot go on in its folder, or its files are not what they should be. The message names the folder or file.</summary>
public sealed class ExportException : Exception
{
    public ExportException(string message)
        : base(message)
    {
    }

    public ExportException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Whether <see cref="TrajectoryExport.Remove"/> makes room for the export that was asked for.</summary>
    public bool IsOtherExport { get; init; }
}
