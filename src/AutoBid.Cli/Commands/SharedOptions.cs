using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using AutoBid.Cli.Serving;

namespace AutoBid.Cli.Commands;

/// <summary>Options that several commands share, with one wording and one check each.</summary>
internal static class SharedOptions
{
    public static Option<string?> Json() => new("--json") { Description = "Write the figures to this file.", HelpName = "FILE" };

    public static Option<ulong> Seed() => new("--seed") { Description = "Seed of everything random.", HelpName = "N", DefaultValueFactory = _ => 1UL };

    public static Option<string?> Policy() => new("--policy")
    {
        Description = "Policy of every campaign: gave, mpc, pid, constant (default: the model whose verdict is default, else mpc).",
        HelpName = "NAME",
    };

    /// <summary>A whole number in a range.</summary>
    public static Option<int> Number(string name, string description, int standard, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && (number < least || number > most))
                result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name}: {number} is not in {least} to {most}"));
        });
        return option;
    }

    /// <summary>A length of time such as 30s, 10m or 1h.</summary>
    public static Option<TimeSpan> Tick(TimeSpan standard)
    {
        var option = new Option<TimeSpan>("--tick")
        {
            Description = "Length of a control tick; divides 30 minutes.",
            HelpName = "TIME",
            DefaultValueFactory = _ => standard,
            CustomParser = Parse,
        };
        return option;

        static TimeSpan Parse(ArgumentResult result)
        {
            if (!SettingText.TryDuration(result.Tokens[0].Value, out TimeSpan tick)) result.AddError($"--tick: '{result.Tokens[0].Value}' is not a time like 30s, 10m or 1h");
            else if (tick < TimeSpan.FromMinutes(1) || TimeSpan.FromMinutes(30).Ticks % tick.Ticks != 0) result.AddError("--tick: 1m to 30m, and it must divide 30m");
            return tick;
        }
    }
}
