using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace AutoBid.Cli.Output;

/// <summary>Progress of work with a known end and the time left: a bar on a terminal, a line every tenth in a pipe.</summary>
internal static class ProgressView
{
    private const int Lines = 10;

    /// <param name="what">Plural noun of what is counted.</param>
    /// <param name="work">Gets the function to call with the number done so far.</param>
    public static T Run<T>(CommandHost host, string what, int total, Func<Action<int>, T> work)
    {
        if (host.IsTerminal) return OnTerminal(host, what, bar => work(done => bar(done, total)));
        int every = Math.Max(1, total / Lines);
        long started = Stopwatch.GetTimestamp();
        return work(done =>
        {
            if (done % every != 0 && done != total) return;
            Line(host, string.Create(CultureInfo.InvariantCulture, $"{what} {done}/{total}"), Left(started, done, total));
        });
    }

    /// <summary>The same for work that is measured, not counted.</summary>
    /// <param name="what">What is done.</param>
    /// <param name="work">Gets the function to call with the work done so far and the whole work, in any unit.</param>
    public static T RunMeasured<T>(CommandHost host, string what, Func<Action<double, double>, T> work)
    {
        if (host.IsTerminal) return OnTerminal(host, what, work);
        long started = Stopwatch.GetTimestamp();
        int shown = 0;
        return work((done, total) =>
        {
            int tenth = total > 0 ? (int)(Lines * done / total * (1 + 1e-9)) : Lines;
            if (tenth <= shown) return;
            shown = tenth;
            Line(host, string.Create(CultureInfo.InvariantCulture, $"{what} {100 * tenth / Lines} %"), Left(started, done, total));
        });
    }

    /// <summary>Time left in words; empty when there is nothing left.</summary>
    internal static string Text(TimeSpan left) => left switch
    {
        { TotalSeconds: < 0.5 } => "",
        { TotalSeconds: < 90 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.TotalSeconds):0} s left"),
        { TotalMinutes: < 90 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(left.TotalMinutes):0} min left"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{left.TotalHours:0.0} h left"),
    };

    private static T OnTerminal<T>(CommandHost host, string what, Func<Action<double, double>, T> work)
        => host.Console.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn(), new SpinnerColumn())
            .Start(progress =>
            {
                ProgressTask task = progress.AddTask(what, maxValue: 1);
                return work((done, total) =>
                {
                    task.MaxValue = total;
                    task.Value = done;
                });
            });

    private static TimeSpan Left(long started, double done, double total) => done > 0 ? Stopwatch.GetElapsedTime(started) * ((total - done) / done) : TimeSpan.Zero;

    private static void Line(CommandHost host, string line, TimeSpan left)
    {
        string time = Text(left);
        host.Out.WriteLine(time.Length == 0 ? line : $"{line}, {time}");
        host.Out.Flush();
    }
}
