using System.Diagnostics;
using AutoBid.Cli.Commands;
using AutoBid.Cli.Tests.Commands;
using AutoBid.Cli.Training;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Tests.Training;

public sealed class TrainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("autobid-train-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Stands in for Python: passes the check of eng/python.sh, then does what the script says.</summary>
    private string Interpreter(string script)
    {
        string path = Path.Combine(_folder, "python");
        File.WriteAllText(path, $"#!/usr/bin/env bash\n[ \"$1\" = -c ] && exit 0\n{script}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    private string Data()
    {
        string data = Path.Combine(_folder, "data");
        Directory.CreateDirectory(data);
        File.WriteAllText(Path.Combine(data, "manifest.json"), "{}");
        return data;
    }

    private static async Task<(int Code, string Out, string Error)> RunAsync(string[] line, params (string, string)[] environment)
    {
        using TestHost host = new(environment);
        int code = await AutoBidCommand.RunAsync(line, host.Host);
        return (code, host.Out, host.Error);
    }

    [Fact]
    public async Task ProgressIsPassedThroughAndTheCommandLineSaysWhatWasAsked()
    {
        string python = Interpreter("echo \"$@\"; echo \"path $PYTHONPATH\"; echo warning >&2; echo last");
        string made = Path.Combine(_folder, "out"), served = Path.Combine(_folder, "served");
        (int code, string output, string error) = await RunAsync(
            ["train", "gave", "--data", Data(), "--out", made, "--minutes", "1.5", "--resume", "--export", served], ("AUTOBID_PYTHON", python), ("PYTHONPATH", "/elsewhere"));
        Assert.Equal((0, ""), (code, error));
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        string configs = Path.Combine(Installation.Home, "policies", "configs");
        Assert.Equal($"-m autobid_policies.train --config {configs}/gave.json --data {_folder}/data --out {made} --resume --finish-in 1.5", lines[0]);
        Assert.Equal($"path {Path.Combine(Installation.Home, "policies")}:/elsewhere", lines[1]);
        Assert.Equal("last", lines[2]);
        Assert.Equal($"-m autobid_policies.common.export --checkpoint {made}/model.pt --out {served}", lines[3]);
    }

    [Theory]
    [InlineData("echo 'train: shard-0.npz: cost has shape (3)' >&2; exit 2", 2, "train: shard-0.npz: cost has shape (3)")]
    [InlineData("echo Traceback >&2; echo 'RuntimeError: out of memory' >&2; echo >&2; exit 1", 1, "RuntimeError: out of memory")]
    [InlineData("exit 137", 1, "training ended with exit code 137")]
    public async Task AFailureIsOneLineWithItsReason(string script, int exitCode, string reason)
    {
        (int code, _, string error) = await RunAsync(["train", "gave", "--data", Data(), "--out", _folder], ("AUTOBID_PYTHON", Interpreter(script)));
        Assert.Equal((exitCode, $"autobid: {reason}\n"), (code, error));
    }

    [Fact]
    public async Task NamesThatAreNotThereAreRefusedWithThoseThatAre()
    {
        foreach (string name in (string[])["gove", "../configs/gave", "search/bc"])
        {
            (int code, _, string error) = await RunAsync(["train", name]);
            Assert.Equal(2, code);
            Assert.Contains($"there is no configuration '{name}'; there are ", error, StringComparison.Ordinal);
            Assert.Contains(", gave, ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task DataThatAreNotThereAreNamedWithTheCommandThatMakesThem()
    {
        string nothing = Path.Combine(_folder, "nothing");
        (int code, _, string error) = await RunAsync(["train", "gave", "--data", nothing]);
        Assert.Equal((2, $"autobid: {nothing} holds no exported trajectories; make some with: autobid export-data --out {nothing}\n"), (code, error));
    }

    [Theory]
    [InlineData("--minutes", "0")]
    [InlineData("--minutes", "-1")]
    [InlineData("--minutes", "soon")]
    public async Task BadTimesAreUsageErrors(string option, string value) => Assert.Equal(2, (await RunAsync(["train", "gave", option, value])).Code);

    [Fact]
    public async Task AnInterruptedRunLeavesNoProcess()
    {
        string pid = Path.Combine(_folder, "pid");
        string python = Interpreter($"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 600");
        using TestHost host = new(("AUTOBID_PYTHON", python));
        using var cancel = new CancellationTokenSource();
        var run = new TrainingRun(host.Host, Installation.Home, new TrainOptions { Name = "gave", Data = Data(), Out = _folder });
        using var watcher = new FileSystemWatcher(_folder, "pid");
        var started = new TaskCompletionSource();
        watcher.Renamed += (_, _) => started.TrySetResult();
        watcher.EnableRaisingEvents = true;
        Task running = run.RunAsync(cancel.Token);
        await Task.WhenAny(started.Task, running).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        int id = int.Parse(await File.ReadAllTextAsync(pid, TestContext.Current.CancellationToken), System.Globalization.CultureInfo.InvariantCulture);
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(id));
    }

    [Fact]
    public async Task ASmallRunTrainsAndExportsOnTheCpu()
    {
        string served = Path.Combine(_folder, "served");
        (int code, string output, string error) = await RunAsync(["train", "gave", "--small", "--out", Path.Combine(_folder, "run"), "--export", served]);
        if (code == 1 && error.Contains("please install", StringComparison.Ordinal)) Assert.Skip(error);
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("fineTune 4/4 validation", output, StringComparison.Ordinal);
        Assert.Contains("test SpendFirst mpc", output, StringComparison.Ordinal);
        Assert.Equal(["card.json", "model.cuda.onnx", "model.onnx", "parity.npz", "verdict.json"], Directory.GetFiles(served).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal));
    }
}
