using System.Globalization;
using AutoBid.Engine;
using AutoBid.Engine.Ports;
using AutoBid.Server.Hosting;

namespace AutoBid.Cli.Serving;

/// <summary>
/// Settings of <c>serve</c> by name, each taken from the first place that has it: command line, environment (AUTOBID_TOPIC_PREFIX for topic-prefix),
/// config file, default. A setting that cannot be used is an error that names the place.
/// </summary>
internal sealed class ServeSettings(
    IReadOnlyDictionary<string, string> commandLine, Func<string, string?> environment, IReadOnlyDictionary<string, string> configFile)
{
    /// <summary>A century: far from where instants overflow.</summary>
    private const int MostDays = 36_525;

    /// <summary>Every setting's name, as on the command line without its dashes.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "urls", "data", "postgres", "kafka", "topic-prefix", "device", "clock", "clock-start", "tick", "prior", "models", "exchanges", "rates", "public-url", "node", "keep-days", "keep-adjustments", "otlp", "no-fsync", "no-create-topics",
        "accept-log-damage", "restart-on-gpu-loss", "quiet",
    ];

    /// <summary>Name of the environment variable of a setting.</summary>
    public static string VariableOf(string name) => "AUTOBID_" + name.Replace('-', '_').ToUpperInvariant();

    /// <exception cref="CommandException">A setting cannot be used.</exception>
    public ServeOptions ToOptions()
    {
        var standard = new ServeOptions();
        (string Name, IReadOnlyList<int> Ordinals) device = Find("device") is { } named ? Device(named) : (standard.Device, standard.Accelerators);
        return new ServeOptions
        {
            Urls = Find("urls") is { } urls ? Urls(urls) : standard.Urls,
            DataDirectory = Text("data") ?? standard.DataDirectory,
            Postgres = Text("postgres"),
            Kafka = Text("kafka"),
            TopicPrefix = Text("topic-prefix") ?? standard.TopicPrefix,
            Device = device.Name,
            Accelerators = device.Ordinals,
            RestartOnGpuLoss = Flag("restart-on-gpu-loss"),
            VirtualClock = OneOf("clock", "wall", "virtual") == "virtual",
            VirtualStart = Find("clock-start") is { } start ? Instant(start) : standard.VirtualStart,
            Tick = Find("tick") is { } tick ? Tick(tick) : standard.Tick,
            PriorFile = ExistingFile("prior"),
            ModelsDirectory = ExistingFolder("models"),
            ExchangesFile = ExistingFile("exchanges"),
            RatesFile = ExistingFile("rates"),
            PublicUrl = Find("public-url") is { } url ? Url(url) : null,
            Node = Text("node") ?? standard.Node,
            Retention = Retention(standard.Retention),
            Otlp = Find("otlp") is { } collector ? Collector(collector) : null,
            Fsync = !Flag("no-fsync"),
            CreateTopics = !Flag("no-create-topics"),
            AcceptLogDamage = Flag("accept-log-damage"),
            Quiet = Flag("quiet"),
        };
    }

    private Setting? Find(string name)
    {
        if (commandLine.TryGetValue(name, out string? text)) return new Setting(text, $"--{name}");
        string variable = VariableOf(name);
        if (environment(variable) is { Length: > 0 } value) return new Setting(value, variable);
        return configFile.TryGetValue(name, out text) ? new Setting(text, $"config file, {name}") : null;
    }

    private string? Text(string name)
    {
        if (Find(name) is not { } setting) return null;
        return setting.Text.Length > 0 ? setting.Text : throw Bad(setting, "must not be empty");
    }

    private string? OneOf(string name, params string[] allowed)
    {
        if (Find(name) is not { } setting) return null;
        return Array.IndexOf(allowed, setting.Text) >= 0 ? setting.Text : throw Bad(setting, $"must be one of {string.Join(", ", allowed)}");
    }

    private bool Flag(string name)
    {
        if (Find(name) is not { } setting) return false;
        return SettingText.TryFlag(setting.Text, out bool flag) ? flag : throw Bad(setting, "must be true or false");
    }

    private string? ExistingFile(string name)
    {
        if (Find(name) is not { } setting) return null;
        return File.Exists(setting.Text) ? setting.Text : throw Bad(setting, "there is no such file");
    }

    private string? ExistingFolder(string name)
    {
        if (Find(name) is not { } setting) return null;
        return Directory.Exists(setting.Text) ? setting.Text : throw Bad(setting, "there is no such folder");
    }

    private static (string Name, IReadOnlyList<int> Ordinals) Device(Setting setting)
    {
        string[] parts = setting.Text.Split(':');
        if (setting.Text is "cpu" or "cuda") return (setting.Text, [0]);
        string[] ordinals = parts is ["cuda", _] ? parts[1].Split(',') : [];
        var numbers = new int[ordinals.Length];
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!int.TryParse(ordinals[i], NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) numbers = [];
        }

        return numbers.Length > 0 ? ("cuda", numbers) : throw Bad(setting, "must be cpu, cuda, or cuda with its GPUs like cuda:0,1");
    }

    private static string[] Urls(Setting setting)
    {
        string[] urls = setting.Text.Split([';', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (urls.Length == 0) throw Bad(setting, "names no address");
        foreach (string url in urls) Url(setting with { Text = url });
        return urls;
    }

    private static string Url(Setting setting)
    {
        // http://+:80 and http://*:80 mean every address to the server, and no host to Uri.
        string text = setting.Text.Replace("://+", "://any", StringComparison.Ordinal).Replace("://*", "://any", StringComparison.Ordinal);
        bool valid = Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        return valid ? setting.Text : throw Bad(setting, "must be an http or https address");
    }

    /// <summary>An address to call, not one to listen on: every host must be one.</summary>
    private static string Collector(Setting setting) => Uri.TryCreate(Url(setting), UriKind.Absolute, out _) ? setting.Text : throw Bad(setting, "must be an http or https address");

    private static DateTimeOffset Instant(Setting setting)
        => SettingText.TryInstant(setting.Text, out DateTimeOffset instant) ? instant : throw Bad(setting, "must be an instant like 2026-01-05T00:00:00Z");

    private static TimeSpan Tick(Setting setting)
    {
        if (!SettingText.TryDuration(setting.Text, out TimeSpan tick)) throw Bad(setting, "must be a time like 30s, 10m or 1h");
        return tick >= TimeSpan.FromSeconds(1) && tick <= TimeSpan.FromMinutes(30) ? tick : throw Bad(setting, "must lie between 1s and 30m");
    }

    private LedgerRetention Retention(LedgerRetention standard)
    {
        TimeSpan days = Find("keep-days") is { } kept ? Days(kept, LedgerRetention.ShortestDays(new EngineOptions())) : standard.Days;
        TimeSpan adjustments = Find("keep-adjustments") is { } listed ? Days(listed, days) : days > standard.Adjustments ? days : standard.Adjustments;
        return new LedgerRetention { Days = days, Adjustments = adjustments };
    }

    private static TimeSpan Days(Setting setting, TimeSpan fewest)
    {
        bool isNumber = int.TryParse(setting.Text, NumberStyles.None, CultureInfo.InvariantCulture, out int days);
        return isNumber && days <= MostDays && TimeSpan.FromDays(days) >= fewest
            ? TimeSpan.FromDays(days)
            : throw Bad(setting, $"must be a number of days from {Math.Ceiling(fewest.TotalDays):0} to {MostDays}");
    }

    private static CommandException Bad(Setting setting, string why) => new($"{setting.Place}: '{setting.Text}' {why}", CommandException.Usage);

    private readonly record struct Setting(string Text, string Place);
}
