using System.Globalization;
using AutoBid.Cli.Exchange;
using AutoBid.Simulator.Market;
using Spectre.Console;

namespace AutoBid.Cli.Output;

/// <summary>A table that is redrawn at every step, for terminals.</summary>
internal sealed class LiveRunView(IAnsiConsole console) : IRunView
{
    public void Say(string line) => console.WriteLine(line);

    public async Task<T> WatchAsync<T>(Func<Action<MarketProgress, IReadOnlyList<TrajectoryAnswer>>, Task<T>> play)
    {
        T result = default!;
        await console.Live(new Text("the first requests are under way ...")).AutoClear(true).StartAsync(async live =>
        {
            result = await play((progress, ledgers) => live.UpdateTarget(Draw(progress, ledgers)));
        });
        return result;
    }

    private static Table Draw(MarketProgress progress, IReadOnlyList<TrajectoryAnswer> ledgers)
    {
        Table table = new Table().Border(TableBorder.Rounded).Title(string.Create(
            CultureInfo.InvariantCulture,
            $"step {progress.Step}/{progress.Steps}   {progress.Requests:N0} requests   {progress.Bids:N0} bids   {progress.Wins:N0} wins"));
        table.AddColumn("campaign");
        foreach (string column in (string[])["budget", "spend", "share", "conversions", "multiplier"]) table.AddColumn(new TableColumn(column).RightAligned());
        foreach (TrajectoryAnswer ledger in ledgers)
        {
            table.AddRow(
                Markup.Escape(ledger.Campaign), Figures.Money(ledger.Budget), Figures.Money(ledger.Spent),
                Figures.Percent(ledger.Budget > 0 ? (double)(ledger.Spent / ledger.Budget) : 0),
                ledger.Conversions.ToString("N0", CultureInfo.InvariantCulture), Figures.Multiplier(ledger.Multiplier));
        }

        return table;
    }
}
