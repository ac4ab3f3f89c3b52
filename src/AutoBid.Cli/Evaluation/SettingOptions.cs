using System.CommandLine;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Settings;
using MarketShift = AutoBid.Simulator.Shifts.Shift;

namespace AutoBid.Cli.Evaluation;

/// <summary>The options of <c>evaluate</c> that take several values, each combination an evaluation of its own beside the others.</summary>
internal sealed class SettingOptions
{
    private const string All = "all", Each = "each", None = "none", Shipped = "shipped", DayBefore = "day-before";

    // Every single thing unknown, and everything: the rows of one table.
    private static readonly string[] EachUnknown = [None, "step", "regime", "curves", "step,regime,curves"];

    public Option<string[]> Unknown { get; } = new("--unknown")
    {
        Description = "What candidates are not told: step, regime, curves, several with commas; all or none of them. Repeat to compare; each: none, every one, all.",
        HelpName = "LIST",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [None],
    };

    public Option<string[]> Prior { get; } = new("--prior")
    {
        Description = "Population prior: shipped (default), a file or none, for rivals too; day-before: candidates get one of their market's previous day. Repeat to compare.",
        HelpName = "FILE|none|shipped|day-before",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [Shipped],
    };

    public Option<string[]> Shift { get; } = new Option<string[]>("--shift")
    {
        Description = "Play the days under this market shift. Repeat to compare losses from none, which is then played along; all: every one.",
        HelpName = "NAME",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [None],
    }.AcceptOnlyFromAmong([All, .. MarketShift.Names]);

    /// <summary>The prior of a command that compares none: a file or none; null: the shipped one.</summary>
    /// <exception cref="CommandException">There are several, or it is made while days are played.</exception>
    public string? OnePrior(ParseResult parsed) => parsed.GetValue(Prior) switch
    {
        [Shipped] => null,
        [var file] when file != DayBefore => file,
        _ => throw new CommandException("--prior: a gate takes one, a file or the shipped one", CommandException.Usage),
    };

    /// <summary>One evaluation per combination. A combination among others has its own folder inside that of the command.</summary>
    /// <param name="common">Everything but the settings.</param>
    /// <exception cref="CommandException">A value is wrong or given twice.</exception>
    public IReadOnlyList<EvaluationOptions> Expand(EvaluationOptions common, ParseResult parsed)
    {
        string[] shifts = [.. parsed.GetValue(Shift)!.SelectMany(name => name == All ? MarketShift.Names : [name])];
        Knowledge[] known = [.. parsed.GetValue(Unknown)!.SelectMany(list => list == Each ? EachUnknown : [list]).Select(KnowledgeOf)];
        string[] priors = parsed.GetValue(Prior)!;
        (string Label, string Value)[] labelled = [.. priors.Select(prior => (LabelOf(prior), prior))];
        Once("--shift", shifts);
        Once("--unknown", [.. known.Select(k => k == Knowledge.All ? None : string.Join(',', k.Unknown))]);
        Once("--prior", [.. labelled.Select(prior => prior.Label)]);
        // Losses are measured from the market without a shift and from all known.
        if (shifts.Length > 1) shifts = [None, .. shifts.Where(name => name != None)];
        if (known.Length > 1) known = [Knowledge.All, .. known.Where(k => k != Knowledge.All)];
        // Rivals of a day-before evaluation are those of the prior beside it: the two then differ in nothing but what candidates know.
        string beside = priors.FirstOrDefault(prior => prior != DayBefore) ?? Shipped;
        EvaluationOptions[] all =
        [
            .. labelled.SelectMany(prior => shifts.SelectMany(shift => known.Select(knowledge => common with
            {
                Setting = new EvaluationSetting(shift, prior.Label, knowledge),
                Shift = shift == None ? null : MarketShift.Find(shift),
                Knowledge = knowledge,
                PriorOfDayBefore = prior.Value == DayBefore,
                Prior = (prior.Value == DayBefore ? beside : prior.Value) is var file && file == Shipped ? null : file,
            }))),
        ];
        return all.Length == 1 ? all : [.. all.Select(one => one with { Folder = Path.Combine(common.Folder, one.Setting.Folder) })];
    }

    private static string LabelOf(string prior)
    {
        string name = prior is Shipped or DayBefore or None ? prior : Path.GetFileNameWithoutExtension(prior);
        return string.Concat(name.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_'));
    }

    private static Knowledge KnowledgeOf(string list)
    {
        try
        {
            return list switch
            {
                None => Knowledge.All,
                All => new Knowledge(Step: false, Regime: false, Curves: false),
                _ => Knowledge.Without(list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
            };
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"--unknown: {e.Message}", e, CommandException.Usage);
        }
    }

    private static void Once(string option, string[] values)
    {
        if (values.GroupBy(value => value).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new CommandException($"{option}: {twice.Key} is given twice", CommandException.Usage);
    }
}
