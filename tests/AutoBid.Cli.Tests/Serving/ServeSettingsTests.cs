using AutoBid.Cli.Serving;
using AutoBid.Engine.Ports;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Tests.Serving;

public sealed class ServeSettingsTests
{
    [Fact]
    public void NothingSetIsTheDefaults()
    {
        ServeOptions options = Settings().ToOptions(), standard = new();
        Assert.Equal(standard.Urls, options.Urls);
        Assert.Equal(standard.Accelerators, options.Accelerators);
        Assert.Equal(standard with { Urls = options.Urls, Accelerators = options.Accelerators }, options);
    }

    [Fact]
    public void EverySettingIsMapped()
    {
        string file = Path.GetTempFileName(), folder = Path.GetTempPath();
        ServeOptions options = Settings(new()
        {
            ["urls"] = "http://127.0.0.1:1; http://+:2",
            ["data"] = "d",
            ["kafka"] = "h:9092",
            ["topic-prefix"] = "p.",
            ["device"] = "cuda:0,1",
            ["restart-on-gpu-loss"] = "true",
            ["clock"] = "virtual",
            ["clock-start"] = "2026-03-01T00:00:00Z",
            ["tick"] = "30s",
            ["prior"] = file,
            ["models"] = folder,
            ["exchanges"] = file,
            ["rates"] = file,
            ["public-url"] = "https://bids.example",
            ["node"] = "n7",
            ["keep-days"] = "33",
            ["keep-adjustments"] = "34",
            ["otlp"] = "http://collector:4318",
            ["no-fsync"] = "true",
            ["quiet"] = "true",
        }).ToOptions();
        Assert.Equal(["http://127.0.0.1:1", "http://+:2"], options.Urls);
        Assert.Equal(("d", "h:9092", "p.", "cuda"), (options.DataDirectory, options.Kafka, options.TopicPrefix, options.Device));
        Assert.Equal([0, 1], options.Accelerators);
        Assert.True(options.RestartOnGpuLoss);
        Assert.True(options.VirtualClock);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), options.VirtualStart);
        Assert.Equal(TimeSpan.FromSeconds(30), options.Tick);
        Assert.Equal((file, folder, file, file), (options.PriorFile, options.ModelsDirectory, options.ExchangesFile, options.RatesFile));
        Assert.Equal(("https://bids.example", "n7"), (options.PublicUrl, options.Node));
        Assert.Equal(new LedgerRetention { Days = TimeSpan.FromDays(33), Adjustments = TimeSpan.FromDays(34) }, options.Retention);
        Assert.Equal("http://collector:4318", options.Otlp);
        Assert.False(options.Fsync);
        Assert.True(options.Quiet);
        File.Delete(file);
    }

    [Fact]
    public void AdjustmentsAreKeptAsLongAsDaysUnlessToldOtherwise()
    {
        Assert.Equal(new LedgerRetention(), Settings().ToOptions().Retention);
        Assert.Equal(TimeSpan.FromDays(400), Settings(new() { ["keep-days"] = "100" }).ToOptions().Retention.Adjustments);
        Assert.Equal(TimeSpan.FromDays(500), Settings(new() { ["keep-days"] = "500" }).ToOptions().Retention.Adjustments);
    }

    [Fact]
    public void TheCommandLineBeatsTheEnvironmentAndThatTheFile()
    {
        var environment = new Dictionary<string, string> { ["AUTOBID_NODE"] = "env", ["AUTOBID_TOPIC_PREFIX"] = "env-", ["AUTOBID_DATA"] = "" };
        var file = new Dictionary<string, string> { ["node"] = "file", ["topic-prefix"] = "file-", ["data"] = "file" };
        ServeOptions options = new ServeSettings(new Dictionary<string, string> { ["node"] = "line" }, environment.GetValueOrDefault, file).ToOptions();
        Assert.Equal(("line", "env-", "file"), (options.Node, options.TopicPrefix, options.DataDirectory));
    }

    [Theory]
    [InlineData("urls", "")]
    [InlineData("urls", "127.0.0.1:80")]
    [InlineData("urls", "ftp://x")]
    [InlineData("data", "")]
    [InlineData("device", "tpu")]
    [InlineData("device", "cuda:")]
    [InlineData("device", "cuda:0,x")]
    [InlineData("device", "cuda:0:1")]
    [InlineData("device", "cpu:0")]
    [InlineData("clock", "real")]
    [InlineData("clock-start", "yesterday")]
    [InlineData("tick", "500ms")]
    [InlineData("tick", "31m")]
    [InlineData("tick", "0s")]
    [InlineData("keep-days", "32")]
    [InlineData("keep-days", "40d")]
    [InlineData("keep-days", "40000")]
    [InlineData("keep-adjustments", "39")]
    [InlineData("prior", "/nowhere")]
    [InlineData("models", "/nowhere")]
    [InlineData("public-url", "bids")]
    [InlineData("otlp", "collector:4318")]
    [InlineData("otlp", "http://+:4318")]
    [InlineData("quiet", "perhaps")]
    public void ASettingThatCannotBeUsedNamesItsPlace(string name, string value)
    {
        Assert.StartsWith($"--{name}: ", Assert.Throws<CommandException>(() => Settings(new() { [name] = value }).ToOptions()).Message, StringComparison.Ordinal);
        if (value.Length == 0) return;
        string variable = ServeSettings.VariableOf(name);
        var settings = new ServeSettings(new Dictionary<string, string>(), asked => asked == variable ? value : null, new Dictionary<string, string>());
        CommandException e = Assert.Throws<CommandException>(settings.ToOptions);
        Assert.StartsWith($"{variable}: ", e.Message, StringComparison.Ordinal);
        Assert.Equal(CommandException.Usage, e.ExitCode);
    }

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("30s", 30_000)]
    [InlineData("1.5m", 90_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("00:10:00", 600_000)]
    public void DurationsAreReadable(string text, int milliseconds)
    {
        Assert.True(SettingText.TryDuration(text, out TimeSpan duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("-1m")]
    [InlineData("0s")]
    [InlineData("m")]
    [InlineData("1e99h")]
    [InlineData("NaNs")]
    [InlineData("-00:10:00")]
    public void OtherTextIsNoDuration(string text) => Assert.False(SettingText.TryDuration(text, out _));

    private static ServeSettings Settings(Dictionary<string, string>? commandLine = null) => new(commandLine ?? [], _ => null, new Dictionary<string, string>());
}
