using System.Globalization;
using AutoBid.Cli.Simulation;

namespace AutoBid.Cli.Training;

/// <summary>Finds data and Python, trains the named row, and exports its model if that was asked for.</summary>
/// <param name="home">Where <c>eng</c> and <c>policies</c> are.</param>
internal sealed class TrainingRun(CommandHost host, string home, TrainOptions options)
{
    private const string StandardData = "data/train";
    private const string Interpreter = "AUTOBID_PYTHON";

    private string Configs => Path.Combine(home, "policies", "configs");

    private string Out => Path.GetFullPath(options.Out ?? Path.Combine("data", "runs", options.Name));

    /// <exception cref="CommandException">The name, the data or Python cannot be used, or training failed.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        string config = Config();
        string data = Data(cancellation);
        string python = await PythonAsync(cancellation);
        List<string> line = ["-m", "autobid_policies.train", "--config", config, "--data", data, "--out", Out];
        if (options.Resume) line.Add("--resume");
        if (options.Small) line.Add("--small");
        if (options.Minutes is { } minutes) line.AddRange(["--finish-in", minutes.ToString(CultureInfo.InvariantCulture)]);
        await RunAsync(python, line, cancellation);
        if (options.Export is not { } folder) return;
        await RunAsync(python, ["-m", "autobid_policies.common.export", "--checkpoint", Path.Combine(Out, "model.pt"), "--out", Path.GetFullPath(folder)], cancellation);
    }

    private string Config()
    {
        string[] names = Directory.Exists(Configs) ? [.. Directory.GetFiles(Configs, "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)] : [];
        if (names.Length == 0) throw new CommandException($"{Configs} holds no configurations: this is no installation with the training code");
        return names.Contains(options.Name, StringComparer.Ordinal)
            ? Path.Combine(Configs, options.Name + ".json")
            : throw new CommandException($"there is no configuration '{options.Name}'; there are {string.Join(", ", names)}", CommandException.Usage);
    }

    private string Data(CancellationToken cancellation)
    {
        if (options.Data is null && options.Small) return SmallData(cancellation);
        string folder = Path.GetFullPath(options.Data ?? StandardData);
        return File.Exists(Path.Combine(folder, "manifest.json"))
            ? folder
            : throw new CommandException($"{folder} holds no exported trajectories; make some with: autobid export-data --out {options.Data ?? StandardData}", CommandException.Usage);
    }

    private string SmallData(CancellationToken cancellation)
    {
        string folder = Path.Combine(Out, "data");
        var export = new DataExport(new DataExportOptions { Folder = folder, Periods = 2, LineUps = 2, PriorPeriods = 1, Opportunities = 20_000, Threads = 1 });
        export.Run(_ => { }, cancellation);
        return folder;
    }

    /// <summary>Installs what is missing, where that is possible.</summary>
    private async Task<string> PythonAsync(CancellationToken cancellation)
    {
        string script = Path.Combine(home, "eng", "python.sh");
        if (!File.Exists(script)) throw new CommandException($"{script} is missing: this is no installation with the training code");
        string path = "";
        var shell = new PythonProcess("bash", new Dictionary<string, string?> { [Interpreter] = host.Environment(Interpreter) });
        (int code, string last) = await shell.RunAsync([script], text => path = text.Trim(), _ => { }, cancellation);
        return code == 0 && path.Length > 0 ? path : throw new CommandException(last.Length > 0 ? last : $"no Python to train with ({script} ended with {code})");
    }

    private async Task RunAsync(string python, IReadOnlyList<string> line, CancellationToken cancellation)
    {
        string packages = Path.Combine(home, "policies");
        string? path = host.Environment("PYTHONPATH");
        var process = new PythonProcess(python, new Dictionary<string, string?>
        {
            ["PYTHONPATH"] = string.IsNullOrEmpty(path) ? packages : packages + Path.PathSeparator + path,
            ["PYTHONUNBUFFERED"] = "1",
        });
        (int code, string last) = await process.RunAsync(line, host.Out.WriteLine, _ => { }, cancellation);
        if (code == 0) return;
        // Bad input is told by 2 in both; a traceback's last line names its exception.
        throw new CommandException(last.Length > 0 ? last : $"training ended with exit code {code}", code == 2 ? CommandException.Usage : CommandException.Failed);
    }
}
