using System.Globalization;
using Spectre.Console;

namespace AutoBid.Cli.Output;

/// <summary>Progress of work with a known end: a bar on a terminal, a line every tenth in a pipe.</summary>
internal static class ProgressView
{
    /// <param name="what">Plural noun of what is counted.</param>
    /// <param name="work">Gets the function to call with the number done so far.</param>
    public static T Run<T>(CommandHost host, string what, int total, Func<Action<int>, T> work)
    {
        if (!host.IsTerminal)
        {
            int every = Math.Max(1, total / 10);
            return work(done =>
            {
                if (done % every != 0 && done != total) return;
                host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} {done}/{total}"));
                host.Out.Flush();
            });
        }

        return host.Console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask(what, maxValue: total);
            return work(done => task.Value = done);
        });
    }
}
