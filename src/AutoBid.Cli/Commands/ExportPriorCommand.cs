using System.CommandLine;
using System.Globalization;
using AutoBid.Policies.Priors;
using AutoBid.Simulator.Market;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid export-prior</c>: the population prior of the market preset.</summary>
internal static class ExportPriorCommand
{
    public static Command Create(CommandHost host)
    {
        var file = new Option<string>("--out") { Description = "File to write.", HelpName = "FILE", Required = true };
        Option<ulong> seed = SharedOptions.Seed();
        Option<int> first = SharedOptions.Number("--first-day", "First of the days that it is made from; the demo plays day 0.", 1000, 1, 1_000_000);
        Option<int> days = SharedOptions.Number("--days", "Number of days.", 20, 1, 10_000);
        var command = new Command("export-prior", "Population prior of the market preset, from days that the demo does not play.") { file, seed, first, days };
        command.SetAction(parsed =>
        {
            PriorFile prior = MarketPrior.Build(parsed.GetValue(seed), parsed.GetValue(first), parsed.GetValue(days), new MarketOptions())
                .Save(parsed.GetValue(file)!);
            host.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{parsed.GetValue(file)}: mean value {prior.MeanValue:0.00000}, {prior.OpportunitiesPerDay:0} opportunities a day, level persistence {prior.LevelPersistence:0.00}, sha256 {prior.Sha256}"));
            return 0;
        });
        return command;
    }
}
