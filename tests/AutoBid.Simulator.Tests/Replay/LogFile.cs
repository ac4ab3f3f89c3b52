using System.IO.Compression;
using System.Text;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

/// <summary>A log file in a folder of its own.</summary>
internal sealed class LogFile : IDisposable
{
    public const string FirstRow = "7,3,0,2900,100,0,2900,0,0.0005,0.0001,0.05,0,0,0,0,0,0.11,0";

    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-log-").FullName;

    public LogFile(string text, string name = "log.csv")
        : this(Encoding.UTF8.GetBytes(text), name)
    {
    }

    public LogFile(byte[] bytes, string name = "log.csv")
    {
        Path = System.IO.Path.Combine(_folder, name);
        File.WriteAllBytes(Path, bytes);
    }

    public static string Header { get; } = string.Join(',', AuctionLogSchema.Names);

    public string Path { get; }

    /// <summary>The first row with one column replaced.</summary>
    public static string With(string column, string value)
    {
        string[] fields = FirstRow.Split(',');
        fields[AuctionLogSchema.Names.ToList().IndexOf(column)] = value;
        return string.Join(',', fields);
    }

    public static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
