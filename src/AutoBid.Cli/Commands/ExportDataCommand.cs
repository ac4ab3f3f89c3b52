using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid export-data</c>.</summary>
internal static class ExportDataCommand
{
    public static Command Create(CommandHost host)
    {
        var folder = new Option<string>("--out") { Description = "Folder to write; an earlier export in it is replaced.", HelpName = "FOLDER", Required = true };
        Option<ulong> seed = SharedOptions.Seed();
        Option<int> periods = SharedOptions.Number("--periods", "Days for training; a tenth as many each for validation and test come on top.", 160, 1, 100_000);
        Option<int> lineUps = SharedOptions.Number("--lineup", "Number of line-ups that the training days are spread over.", 8, 1, 10_000);
        Option<int> opportunities = SharedOptions.Number("--opportunities", "Opportunities of a day.", 500_000, 1_000, 10_000_000);
        Option<int> priorPeriods = SharedOptions.Number("--prior-periods", "Days before the first that the population prior is made from.", 8, 1, 1_000);
        var prior = new Option<string?>("--prior") { Description = "Use this population prior instead of making one.", HelpName = "FILE" };
        Option<string?> json = SharedOptions.Json();
        var command = new Command("export-data", "Training trajectories of the benchmark's market, with the population prior that they were made with.")
        {
            folder, seed, periods, lineUps, opportunities, priorPeriods, prior, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            var options = new DataExportOptions
            {
                Folder = parsed.GetValue(folder)!,
                Seed = parsed.GetValue(seed),
                Periods = parsed.GetValue(periods),
                LineUps = parsed.GetValue(lineUps),
                Opportunities = parsed.GetValue(opportunities),
                PriorPeriods = parsed.GetValue(priorPeriods),
                PriorFile = parsed.GetValue(prior),
            };
            return Task.Run(() => Export(host, options, parsed.GetValue(json), cancellation), CancellationToken.None);
        });
        return command;
    }

    private static int Export(CommandHost host, DataExportOptions options, string? json, CancellationToken cancellation)
    {
        var export = new DataExport(options);
        DataExportReport report = ProgressView.Run(host, "periods", export.TotalPeriods, played => export.Run(played, cancellation));
        host.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Keys:N0} trajectories of {report.Periods:N0} days in {report.Shards} shards under {report.Folder}, mean efficiency {report.MeanEfficiency:0.000}"));
        host.Out.WriteLine($"data {report.Sha256}   prior {report.PriorSha256}");
        if (json is not null) JsonReport.Write(json, report);
        return 0;
    }
}
