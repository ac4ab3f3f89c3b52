using System.CommandLine;
using System.Globalization;
using AutoBid.Cli.Serving;
using AutoBid.Simulator.Replay;

namespace AutoBid.Cli.Replay;

/// <summary>The options of <c>autobid replay</c> that describe a plain bid log; none of them given means auction logs.</summary>
internal sealed class BidLogArguments
{
    private readonly Option<string?> _time = Text("--time", "Plain log: column of the time (unix s or ms, yyyyMMddHHmmss[fff], ISO 8601).", "COL");
    private readonly Option<string?> _value = Text("--value", "Plain log: column of the predicted probability of a conversion or click.", "COL");
    private readonly Option<string?> _price = Text("--price", "Plain log: column of the price to beat.", "COL");
    private readonly Option<string?> _outcome = Text("--outcome", "Plain log: column that says whether a win converts, 0 or 1 (default: expected figures only).", "COL");
    private readonly Option<string?> _key = Text("--key", "Plain log: column of the campaign; a key is a campaign's day (default: one campaign).", "COL");
    private readonly Option<double?> _valueScale = Number("--value-scale", "Plain log: factor on the value column (default 1).");
    private readonly Option<double?> _priceScale = Number("--price-scale", "Plain log: factor on the price column; 0.001 for CPM (default 1).");
    private readonly Option<string?> _delimiter = Text("--delimiter", "Plain log: comma, tab, semicolon, pipe, space or one character (default comma).", "NAME");
    private readonly Option<string?> _header = Text("--header", "Plain log: none where the first line is a row; columns are then numbers from 1 (default yes).", "yes|none");
    private readonly Option<double?> _budget = Number("--budget", "Plain log: budget of every key, account currency a day.");
    private readonly Option<double?> _cpa = Number("--cpa", "Plain log: target cost per conversion (or click), account currency.");
    private readonly Option<string?> _utcOffset = Text("--utc-offset", "Plain log: local time, such as +08:00, for times that carry a zone or are unix (default UTC).", "HH:MM");
    private readonly Option<string?> _dayLength = Text("--day-length", "Plain log: what counts as a day of 48 steps, such as 24h or 6h (default 24h).", "TIME");

    private Option[] All => [_time, _value, _price, _outcome, _key, _valueScale, _priceScale, _delimiter, _header, _budget, _cpa, _utcOffset, _dayLength];

    public void AddTo(Command command)
    {
        foreach (Option option in All) command.Add(option);
    }

    /// <summary>The description of a plain log; null when no option was given.</summary>
    /// <exception cref="CommandException">The options are incomplete or contradict each other.</exception>
    public BidLogOptions? Read(ParseResult parsed)
    {
        Option[] given = [.. All.Where(option => parsed.GetResult(option) is { Implicit: false })];
        if (given.Length == 0) return null;
        foreach (Option needed in (Option[])[_time, _value, _price, _budget, _cpa])
        {
            if (given.Contains(needed)) continue;
            string all = "a plain bid log needs --time, --value, --price, --budget and --cpa";
            throw new CommandException($"{needed.Name} is needed with {given[0].Name}: {all}", CommandException.Usage);
        }

        var options = new BidLogOptions
        {
            Time = parsed.GetValue(_time)!,
            Value = parsed.GetValue(_value)!,
            Price = parsed.GetValue(_price)!,
            Outcome = parsed.GetValue(_outcome),
            Key = parsed.GetValue(_key),
            ValueScale = parsed.GetValue(_valueScale) ?? 1,
            PriceScale = parsed.GetValue(_priceScale) ?? 1,
            Delimiter = Delimiter(parsed.GetValue(_delimiter) ?? "comma"),
            HasHeader = parsed.GetValue(_header) switch
            {
                null or "yes" => true,
                "none" => false,
                var other => throw new CommandException($"--header: '{other}' is neither yes nor none", CommandException.Usage),
            },
            Budget = parsed.GetValue(_budget)!.Value,
            Target = parsed.GetValue(_cpa)!.Value,
            UtcOffset = Offset(parsed.GetValue(_utcOffset) ?? "+00:00"),
            DayLength = DayLength(parsed.GetValue(_dayLength) ?? "24h"),
        };
        try
        {
            options.Check();
        }
        catch (ArgumentException error)
        {
            throw new CommandException(error.Message, error, CommandException.Usage);
        }

        return options;
    }

    private static byte Delimiter(string name) => name switch
    {
        "comma" => (byte)',',
        "tab" => (byte)'\t',
        "semicolon" => (byte)';',
        "pipe" => (byte)'|',
        "space" => (byte)' ',
        [var one] when char.IsAscii(one) => (byte)one,
        _ => throw new CommandException($"--delimiter: '{name}' is none of comma, tab, semicolon, pipe, space and no single ASCII character", CommandException.Usage),
    };

    private static TimeSpan Offset(string text)
    {
        bool negative = text.StartsWith('-');
        if (TimeSpan.TryParseExact(text.TrimStart('+', '-'), @"hh\:mm", CultureInfo.InvariantCulture, out TimeSpan offset)) return negative ? -offset : offset;
        throw new CommandException($"--utc-offset: '{text}' is not an offset like +08:00", CommandException.Usage);
    }

    private static TimeSpan DayLength(string text)
        => SettingText.TryDuration(text, out TimeSpan length) ? length : throw new CommandException($"--day-length: '{text}' is not a time like 30m, 6h or 24h", CommandException.Usage);

    private static Option<string?> Text(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };

    private static Option<double?> Number(string name, string description) => new(name) { Description = description, HelpName = "X" };
}
