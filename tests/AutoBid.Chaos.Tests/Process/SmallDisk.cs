using System.Diagnostics;

namespace AutoBid.Chaos.Tests.Process;

/// <summary>A file system of a few megabytes, to be filled. Mounting needs root; without it the test is skipped and says so.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const int Megabytes = 48;

    private SmallDisk(string path) => Path = path;

    public string Path { get; }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    public static SmallDisk Mount()
    {
        string path = Directory.CreateTempSubdirectory("autobid-disk-").FullName;
        string? refused = OperatingSystem.IsLinux() ? Run("mount", "-t", "tmpfs", "-o", $"size={Megabytes}m", "tmpfs", path) : "not Linux";
        if (refused is null) return new SmallDisk(path);
        Directory.Delete(path);
        Assert.Skip($"a small disk cannot be mounted here: {refused}");
        return null!;
    }

    /// <summary>Takes all the room there is.</summary>
    public void Fill()
    {
        byte[] block = new byte[64 * 1024];
        using FileStream file = new(Filler, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        for (int size = block.Length; size > 0;)
        {
            try
            {
                file.Write(block.AsSpan(0, size));
            }
            catch (IOException)
            {
                // Ever smaller, until not a page is left.
                size /= 2;
            }
        }
    }

    public void MakeRoom() => File.Delete(Filler);

    public void Dispose()
    {
        // A process that was killed may take a moment to let go of its files.
        for (int attempt = 0; Run("umount", Path) is not null && attempt < 50; attempt++) Thread.Sleep(100);
        Directory.Delete(Path, recursive: true);
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using System.Diagnostics.Process process = System.Diagnostics.Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            string errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : errors.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    }
}
