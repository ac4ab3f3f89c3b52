using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Output;
using AutoBid.Cli.Simulation;
using AutoBid.Core.Features;
using AutoBid.Simulator.Export;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid export-data</c>.</summary>
internal static class ExportDataCommand
{
    private const string EverySplit = "all";

    public static Command Create(CommandHost host)
    {
        var folder = new Option<string>("--out") { Description = "Folder to write; an interrupted export of the same options in it goes on.", HelpName = "FOLDER", Required = true };
        Option<ulong> seed = SharedOptions.Seed();
        Option<int> periods = SharedOptions.Number("--periods", "Days for training; a tenth as many each for validation and test come on top.", 160, 1, 100_000);
        Option<int> lineUps = SharedOptions.Number("--lineup", "Number of line-ups that the training days are spread over.", 8, 1, 10_000);
        Option<int> opportunities = SharedOptions.Number("--opportunities", "Opportunities of a day.", 500_000, 1_000, 10_000_000);
        var perturbed = new Option<double?>("--perturbed") { Description = "Share of seats that leave their policy block by block (default 0.7); 0: a field as it plays.", HelpName = "SHARE" };
        perturbed.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double share) && !(share >= 0 && share <= 1))
                result.AddError("--perturbed: must lie in 0 to 1");
        });
        Option<int> features = SharedOptions.Number("--features", "Version of the feature builder scale-free: 1 counts in numbers, 2 relative to the prior.", 1, 1, ScaleFreeFeatures.Latest);
        Option<int> priorPeriods = SharedOptions.Number("--prior-periods", "Days before the first that the population prior is made from.", 8, 1, 1_000);
        var prior = new Option<string?>("--prior") { Description = "Use this population prior instead of making one.", HelpName = "FILE" };
        Option<int> threads = SharedOptions.Number("--threads", "Days played at the same time (default: one a core); the data do not depend on it.", Math.Min(Environment.ProcessorCount, 1024), 1, 1024);
        var fresh = new Option<bool>("--fresh") { Description = "Replace an export in the folder instead of going on with it." };
        var csv = new Option<string?>("--csv") { Description = "Write the trajectories as rows of the benchmark's training data as well, compressed where the name ends in .gz.", HelpName = "FILE" };
        Option<string> csvSplit = new Option<string>("--csv-split")
        {
            Description = "Days that go into the CSV, whose rows do not say which they are of: train, validation, test or all.",
            HelpName = "SPLIT",
            DefaultValueFactory = _ => NameOf(DataSplit.Train),
        }.AcceptOnlyFromAmong([.. Enum.GetValues<DataSplit>().Select(NameOf), EverySplit]);
        Option<string?> json = SharedOptions.Json();
        var command = new Command("export-data", "Training trajectories of the benchmark's market, with the population prior that they were made with.")
        {
            folder, seed, periods, lineUps, opportunities, perturbed, features, priorPeriods, prior, threads, fresh, csv, csvSplit, json,
        };
        command.SetAction((parsed, cancellation) =>
        {
            string split = parsed.GetValue(csvSplit)!;
            var options = new DataExportOptions
            {
                Folder = parsed.GetValue(folder)!,
                Seed = parsed.GetValue(seed),
                Periods = parsed.GetValue(periods),
                LineUps = parsed.GetValue(lineUps),
                Opportunities = parsed.GetValue(opportunities),
                Perturbed = parsed.GetValue(perturbed),
                Features = parsed.GetValue(features),
                PriorPeriods = parsed.GetValue(priorPeriods),
                PriorFile = parsed.GetValue(prior),
                Threads = parsed.GetValue(threads),
                Fresh = parsed.GetValue(fresh),
                Csv = parsed.GetValue(csv),
                CsvSplit = split == EverySplit ? null : Enum.Parse<DataSplit>(split, ignoreCase: true),
            };
            return Task.Run(() => Export(host, options, parsed.GetValue(json), cancellation), CancellationToken.None);
        });
        return command;
    }

    private static string NameOf(DataSplit split) => split.ToString().ToLowerInvariant();

    private static int Export(CommandHost host, DataExportOptions options, string? json, CancellationToken cancellation)
    {
        var export = new DataExport(options);
        DataExportReport report = ProgressView.Run(host, "periods", export.TotalPeriods, played => export.Run(played, cancellation));
        string kept = report.Kept > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({report.Kept:N0} of an earlier run)") : "";
        host.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Keys:N0} trajectories of {report.Periods:N0} days{kept} in {report.Shards} shards under {report.Folder}, mean efficiency {report.MeanEfficiency:0.000}"));
        host.Out.WriteLine($"data {report.Sha256}   prior {report.PriorSha256}");
        if (options.Csv is not null) host.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.CsvRows:N0} rows in {options.Csv}"));
        if (json is not null) JsonReport.Write(json, report);
        return 0;
    }
}
