namespace AutoBid.Streaming.Tests;

/// <summary>A folder of its own, deleted at the end.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("autobid-log-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
