using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Training;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid train</c>.</summary>
internal static class TrainCommand
{
    public static Command Create(CommandHost host)
    {
        var name = new Argument<string>("NAME") { Description = "Row to train: a file of policies/configs, such as gave, mlp-cf, dt-offline, bc, cql, iql." };
        var data = new Option<string?>("--data") { Description = "Folder written by export-data, as it is or packed (default data/train; --small makes its own).", HelpName = "FOLDER" };
        var folder = new Option<string?>("--out") { Description = "Folder for checkpoint and model (default data/runs/NAME).", HelpName = "FOLDER" };
        var minutes = new Option<double?>("--minutes") { Description = "End in this time, evaluation included; learning rates fall with the clock.", HelpName = "M" };
        minutes.Validators.Add(result =>
        {
            // What is no number at all is the parser's to report.
            if (result.Tokens.Count == 1 && double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && !(number > 0 && double.IsFinite(number)))
                result.AddError("--minutes: must be above 0");
        });
        var small = new Option<bool>("--small") { Description = "A run of seconds on a CPU that shows that everything works." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the checkpoint in --out, if there is one." };
        var export = new Option<string?>("--export") { Description = "Also write the served model (graph, card, verdict) here, such as policies/models/gave/2.", HelpName = "FOLDER" };
        var command = new Command("train", "Trains a policy on exported trajectories (PyTorch; policies/README.md).") { name, data, folder, minutes, small, resume, export };
        command.SetAction(async (parsed, cancellation) =>
        {
            var options = new TrainOptions
            {
                Name = parsed.GetValue(name)!,
                Data = parsed.GetValue(data),
                Out = parsed.GetValue(folder),
                Minutes = parsed.GetValue(minutes),
                Small = parsed.GetValue(small),
                Resume = parsed.GetValue(resume),
                Export = parsed.GetValue(export),
            };
            await new TrainingRun(host, Installation.Home, options).RunAsync(cancellation);
            return 0;
        });
        return command;
    }
}
