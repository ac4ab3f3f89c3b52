using System.Globalization;
using AutoBid.Cli.Demo;
using AutoBid.Cli.Exchange;
using Spectre.Console;

namespace AutoBid.Cli.Output;

/// <summary>A run's report as text.</summary>
internal static class ReportTables
{
    /// <summary>Narrower terminals get a path of half the width.</summary>
    private const int WideEnough = 120;

    public static void Write(IAnsiConsole console, RunReport report)
    {
        console.WriteLine();
        console.Write(Money(report));
        console.Write(Multipliers(report, console.Profile.Width >= WideEnough ? 48 : 24));
        console.Write(Latencies(report.Latency));
        RunTotals totals = report.Totals;
        console.WriteLine(
            $"requests {Figures.Count(totals.Requests)}   bids {Figures.Count(totals.Bids)}   wins {Figures.Count(totals.Wins)}   notices {Figures.Count(totals.Notices)} (repeated {Figures.Count(totals.NoticeRetries)})   " +
            $"conversions {Figures.Count(totals.Conversions)}   duplicates {(totals.Duplicates is { } duplicates ? Figures.Count(duplicates) : "unknown")}");
        console.WriteLine(
            $"spend {Figures.Money(totals.Spend)}   adjustments {Figures.Money(totals.Adjustments)}   control ticks {Figures.Count(totals.Ticks)}   decisions {Figures.Count(totals.Decisions)}, " +
            $"{Figures.Count(totals.Fallbacks)} by a fallback   no-bids {Figures.Count(totals.NoBids)}{Reasons(totals.NoBidReasons)}");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seed {report.Seed}   events through {report.Events}   {report.WallSeconds:0.0} s"));
        console.WriteLine(report.Choice?.ToString() ?? $"policy {report.Policy}");
        console.WriteLine($"decision-list hash {report.DecisionsHash}");
        foreach (string problem in report.Problems) console.WriteLine($"PROBLEM: {problem}");
    }

    private static Table Money(RunReport report)
    {
        Table table = Start("campaign", "objective", "mode", ">budget", ">spend", ">share", ">adjusted", ">wins", ">conv.", ">value", ">target", ">achieved");
        foreach (CampaignReport campaign in report.Campaigns)
        {
            table.AddRow(
                Markup.Escape(campaign.Id), campaign.Objective, campaign.Mode, Figures.Money(campaign.Budget), Figures.Money(campaign.Spend), Figures.Percent(campaign.Share),
                Figures.Money(campaign.Adjustments), Figures.Count(campaign.Wins), Figures.Count(campaign.Conversions), Figures.Money(campaign.ConversionValue),
                campaign.Target is { } target ? $"{campaign.Measure} {Figures.Ratio((double)target)}" : "-", $"{campaign.Measure} {Figures.Ratio(campaign.Achieved)}");
        }

        return table;
    }

    private static Table Multipliers(RunReport report, int width)
    {
        Table table = Start("campaign", "multiplier by step", "min..max", "fallbacks", "guard");
        table.Columns[1].NoWrap();
        foreach (CampaignReport campaign in report.Campaigns)
        {
            table.AddRow(
                Markup.Escape(campaign.Id), Sparkline.Of(campaign.MultiplierPath, width),
                $"{Figures.Multiplier(campaign.MultiplierMin)}..{Figures.Multiplier(campaign.MultiplierMax)}",
                Markup.Escape(Figures.Counts(campaign.Fallbacks)), Markup.Escape(Figures.Counts(campaign.GuardReasons)));
        }

        return table;
    }

    private static Table Latencies(RunLatencies latency)
    {
        Table table = Start("latency, ms", ">count", ">p50", ">p90", ">p99", ">max");
        void Add(string name, LatencySummary? summary, string most = "")
        {
            if (summary is not null)
            {
                table.AddRow(
                    name, Figures.Count(summary.Count), Figures.Milliseconds(summary.P50Ms), Figures.Milliseconds(summary.P90Ms), Figures.Milliseconds(summary.P99Ms),
                    most + Figures.Milliseconds(summary.MaxMs));
            }
        }

        Add("bid, round trip over HTTP", latency.BidRoundTrip);
        Add("bid, inside the service", latency.BidService, "<= ");
        Add("decision, per campaign", latency.Decision);
        Add("decision, one policy call", latency.DecisionBatch, "<= ");
        Add("control tick, whole", latency.Tick);
        return table;
    }

    // A leading > aligns a column to the right.
    private static Table Start(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns) table.AddColumn(column[0] == '>' ? new TableColumn(column[1..]).RightAligned() : new TableColumn(column));
        return table;
    }

    /// <summary>Counts of no-bids by name, the most frequent first, in brackets; empty for none.</summary>
    public static string Reasons(IReadOnlyDictionary<string, long> reasons)
        => reasons.Count == 0 ? "" : $" ({string.Join(", ", reasons.OrderByDescending(r => r.Value).Select(r => $"{ReasonName(r.Key)} {Figures.Count(r.Value)}"))})";

    private static string ReasonName(string code)
        => int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number != 204
            && Enum.GetName((OpenRtb.Writing.NoBidReason)number) is { } name ? name : code;
}
