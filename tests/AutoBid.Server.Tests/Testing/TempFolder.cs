namespace AutoBid.Server.Tests.Testing;

/// <summary>A folder that is gone with its test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("autobid-server-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
