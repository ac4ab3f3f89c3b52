using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Inference;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Commands;

/// <summary><c>autobid bench inference</c>; the other benchmarks are projects of their own (eng/bench.sh).</summary>
internal static class BenchCommand
{
    public static Command Create(CommandHost host)
    {
        var models = new Option<string[]>("--models") { Description = "Model registries; every version in them is measured (default policies/models).", HelpName = "FOLDER" };
        Option<string[]> devices = new Option<string[]>("--device") { Description = "Where (default cpu); may be given twice." }.AcceptOnlyFromAmong("cpu", "cuda");
        var batches = new Option<string>("--batches") { Description = "Rows of a call in the closed loop.", DefaultValueFactory = _ => "1,64,1024,8192" };
        var requests = new Option<string>("--rows") { Description = "Rows of a request in the open loop.", DefaultValueFactory = _ => "1,64" };
        var seconds = new Option<double>("--seconds") { Description = "Time of each row of a table.", DefaultValueFactory = _ => 1 };
        var checkpoints = new Option<string[]>("--checkpoint") { Description = "Also time PyTorch on the model.pt of a model, as gave/2=data/runs/gave/model.pt.", HelpName = "MODEL=FILE" };
        var noCompile = new Option<bool>("--no-compile") { Description = "PyTorch eager only." };
        var python = new Option<string>("--python") { Description = "Program that has torch.", DefaultValueFactory = _ => "python3" };
        var output = new Option<string?>("--out") { Description = "Write the tables here.", HelpName = "FILE" };
        var machine = new Option<string>("--machine") { Description = "What the head of the tables says of the machine.", DefaultValueFactory = _ => "" };
        var inference = new Command("inference", "What a decision's inference costs, through the batcher that serves.") { models, devices, batches, requests, seconds, checkpoints, noCompile, python, output, machine };
        inference.SetAction(async (parsed, cancellation) =>
        {
            double length = parsed.GetValue(seconds);
            if (!(length is > 0 and < 3600)) throw new CommandException("--seconds must lie between 0 and 3600", CommandException.Usage);
            var options = new InferenceBenchOptions
            {
                Models = parsed.GetValue(models) is { Length: > 0 } folders ? [.. folders.Select(Folder)] : [Installation.Models],
                Devices = parsed.GetValue(devices) is { Length: > 0 } named ? named : ["cpu"],
                Batches = Numbers("--batches", parsed.GetValue(batches)!),
                RequestRows = Numbers("--rows", parsed.GetValue(requests)!),
                Seconds = TimeSpan.FromSeconds(length),
                Checkpoints = (parsed.GetValue(checkpoints) ?? []).Select(Checkpoint).ToDictionary(pair => pair.Model, pair => pair.File, StringComparer.Ordinal),
                Compile = !parsed.GetValue(noCompile),
                Python = parsed.GetValue(python)!,
                Out = parsed.GetValue(output),
                Machine = parsed.GetValue(machine)!,
            };
            await new InferenceBench(options, host.Out.WriteLine).RunAsync(cancellation);
            return 0;
        });
        return new Command("bench", "Benchmarks.") { inference };
    }

    private static string Folder(string path) => Directory.Exists(path) ? path : throw new CommandException($"--models: {path}: there is no such folder", CommandException.Usage);

    private static int[] Numbers(string option, string text)
    {
        var numbers = new List<int>();
        foreach (string part in text.Split(','))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is < 1 or > 1_000_000)
                throw new CommandException($"{option}: '{part}' is no number of rows", CommandException.Usage);
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static (string Model, string File) Checkpoint(string text)
    {
        string[] parts = text.Split('=', 2);
        if (parts.Length != 2 || !File.Exists(parts[1])) throw new CommandException($"--checkpoint: '{text}' is not MODEL=FILE with a file that exists", CommandException.Usage);
        return (parts[0], parts[1]);
    }
}
