using System.Globalization;
using AutoBid.Cli.Output;
using Spectre.Console;

namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>A live run's report as text.</summary>
internal static class LiveTables
{
    public static void Write(IAnsiConsole console, LiveReport report)
    {
        OpenLoopResult exchange = report.Exchange;
        Table table = new Table().Border(TableBorder.Simple).AddColumn("campaign");
        foreach (string column in (string[])["bids", "wins", "spend", "conv.", "ledger: wins", "spend", "adjusted", "conv.", "multiplier", "agrees"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (LiveCampaign c in report.Campaigns)
        {
            table.AddRow(
                Markup.Escape(c.Id), Figures.Count(c.Bids), Figures.Count(c.Wins), Figures.Money(c.Spend), Figures.Count(c.Conversions), Figures.Count(c.LedgerWins),
                Figures.Money(c.LedgerSpend), Figures.Money(c.LedgerAdjustments), Figures.Count(c.LedgerConversions), Figures.Multiplier(c.Multiplier), c.Agrees ? "yes" : "NO");
        }

        console.WriteLine();
        console.Write(table);
        LatencySummary trip = exchange.RoundTrip;
        console.WriteLine(
            $"round trip from the due instant, ms   p50 {Figures.Milliseconds(trip.P50Ms)}   p90 {Figures.Milliseconds(trip.P90Ms)}   p99 {Figures.Milliseconds(trip.P99Ms)}   " +
            $"p99.9 {Figures.Milliseconds(trip.P999Ms ?? 0)}   max {Figures.Milliseconds(trip.MaxMs)}   ({Figures.Count(trip.Count)} after the warm-up)");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"requests {exchange.Sent:N0} of {exchange.Due:N0} due, {exchange.AchievedRate:0.0}/s of {report.Rate:0.0}/s asked for ({report.Arrivals})   sent late {exchange.Late:N0} (worst {exchange.WorstLateMs:0.0} ms)   connections {report.Connections}"));
        console.WriteLine(
            $"bids {Figures.Count(exchange.Bids)} ({Share(exchange.Bids, exchange.Sent)})   wins {Figures.Count(exchange.Wins)} ({Share(exchange.Wins, exchange.Bids)})   " +
            $"no-bids {Figures.Count(exchange.NoBidReasons.Values.Sum())}{ReportTables.Reasons(exchange.NoBidReasons)}   errors {Figures.Count(exchange.Failures.Values.Sum())}");
        console.WriteLine(
            $"notices {Figures.Count(exchange.Notices)} (repeated {Figures.Count(exchange.NoticeRetries)})   conversions {Figures.Count(exchange.Conversions)} through {report.ConversionsThrough}, " +
            $"{Figures.Count(exchange.ConversionsPending)} not due within the run");
        LiveCampaign[] agreeing = [.. report.Campaigns.Where(c => c.Agrees)];
        console.WriteLine(
            $"ledger: spend {Figures.Money(report.Campaigns.Sum(c => c.LedgerSpend))} against {Figures.Money(report.Campaigns.Sum(c => c.Spend))} billed, " +
            (agreeing.Length == report.Campaigns.Count ? "every bill and conversion applied" : $"only {agreeing.Length} of {report.Campaigns.Count} campaigns agree"));
        console.WriteLine($"run {report.Run}   seed {report.Seed}");
        foreach (string problem in report.Problems) console.WriteLine($"PROBLEM: {problem}");
    }

    private static string Share(long part, long whole) => Figures.Percent(whole == 0 ? 0 : (double)part / whole);
}
