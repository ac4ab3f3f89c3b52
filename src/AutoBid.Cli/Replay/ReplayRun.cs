using System.Diagnostics;
using AutoBid.Simulator.Replay;

namespace AutoBid.Cli.Replay;

/// <summary>Replays the files of a request, one after the other.</summary>
internal sealed class ReplayRun(ReplayRequest request)
{
    private const double Megabyte = 1e6;

    /// <summary>Size of all files, in whole megabytes: what progress counts to.</summary>
    /// <exception cref="CommandException">A file does not exist.</exception>
    public int Megabytes()
    {
        long bytes = 0;
        foreach (string file in request.Files)
        {
            var info = new FileInfo(file);
            if (!info.Exists) throw new CommandException($"{file} does not exist", CommandException.Usage);
            bytes += info.Length;
        }

        return (int)Math.Ceiling(bytes / Megabyte);
    }

    /// <param name="read">Called with every megabyte read, one at a time.</param>
    /// <exception cref="CommandException">A file cannot be used; the message names file, line and column.</exception>
    public ReplayReport Play(Action<int> read, CancellationToken cancellation)
    {
        var replay = new LogReplay(request.Options);
        var keys = new BidLogKeys();
        long started = Stopwatch.GetTimestamp(), before = 0;
        int reported = 0, total = Megabytes();
        try
        {
            foreach (string file in request.Files)
            {
                using IReplayLog log = request.BidLog is { } options ? new BidLogReader(file, options, keys) : new AuctionLogReader(file);
                replay.Read(
                    log,
                    bytes =>
                    {
                        for (int reached = Math.Min((int)((before + bytes) / Megabyte), total - 1); reported < reached;) read(++reported);
                    },
                    cancellation);
                before += log.BytesRead;
            }
        }
        catch (LogFormatException error)
        {
            throw new CommandException(error.Message, error);
        }

        ReplayResult result = replay.Finish();
        if (result.Rows == 0) throw new CommandException($"{string.Join(", ", request.Files)}: there are no rows");
        read(total);
        return new ReplayReport(
            request.Files, request.Options.Mode.ToString(), request.Options.Seed, request.Options.Prior is not null, result.Rows, before, result.Keys,
            Stopwatch.GetElapsedTime(started).TotalSeconds, result.Summaries(), result.Scores);
    }
}
