namespace AutoBid.Simulator.Tests.Evaluation;

/// <summary>A folder that is gone when its test is over.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("autobid-evaluation-").FullName;

    public IReadOnlyDictionary<string, string> Files()
        => Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories).ToDictionary(file => System.IO.Path.GetRelativePath(Path, file), File.ReadAllText);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
