using System.Globalization;
using System.Text.Json;

namespace AutoBid.Simulator.Evaluation;

/// <summary>
/// Where an evaluation keeps what it has played: <c>plan.json</c> and <c>periods/NNNN-path.json</c>, each written whole or not at all, so that a run that
/// was killed goes on with the first period that is missing.
/// </summary>
public sealed class EvaluationFolder
{
    private readonly EvaluationMarket _market;
    private readonly string _periods;

    private EvaluationFolder(string path, EvaluationMarket market)
    {
        Path = path;
        _market = market;
        _periods = System.IO.Path.Combine(path, "periods");
    }

    public string Path { get; }

    /// <summary>Opens or makes the folder of a plan.</summary>
    /// <param name="fresh">Removes what an evaluation left in it, of whatever plan.</param>
    /// <exception cref="EvaluationFolderException">It belongs to another plan.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static EvaluationFolder Open(string path, EvaluationMarket market, bool fresh = false)
    {
        var folder = new EvaluationFolder(path, market);
        string plan = System.IO.Path.Combine(path, "plan.json");
        Directory.CreateDirectory(folder._periods);
        if (fresh)
        {
            foreach (string old in Directory.EnumerateFiles(folder._periods, "*.json*")) File.Delete(old);
            File.Delete(plan);
        }

        if (File.Exists(plan))
        {
            PlanSummary found = Read<PlanSummary>(plan);
            if (found.Identity != market.Identity)
                throw new EvaluationFolderException($"{path} holds another evaluation ({Difference(found, PlanSummary.Of(market.Plan, market.Identity))}): take another folder, or start it anew");
        }
        else if (Directory.EnumerateFiles(folder._periods, "*.json").Any())
        {
            throw new EvaluationFolderException($"{path} holds periods but no plan.json: take another folder, or start it anew");
        }

        Write(plan, JsonSerializer.SerializeToUtf8Bytes(PlanSummary.Of(market.Plan, market.Identity), EvaluationJson.Indented));
        return folder;
    }

    /// <summary>The results of a period; null where it has not been played.</summary>
    /// <param name="index">Place in the plan.</param>
    /// <exception cref="EvaluationFolderException">The file cannot be read, or belongs to another plan.</exception>
    public PeriodOutcome? Find(int index, EvaluationPath path)
    {
        string file = FileOf(index, path);
        if (!File.Exists(file)) return null;
        PeriodOutcome outcome = Read<PeriodOutcome>(file);
        if (outcome.Plan != _market.Identity || outcome.Period != _market.Plan.FirstPeriod + index || outcome.Path != path)
            throw new EvaluationFolderException($"{file}: it is of another evaluation or period");
        return outcome;
    }

    public bool Has(int index, EvaluationPath path) => File.Exists(FileOf(index, path));

    /// <summary>Keeps the results of a period.</summary>
    public void Keep(int index, PeriodOutcome outcome) => Write(FileOf(index, outcome.Path), JsonSerializer.SerializeToUtf8Bytes(outcome, EvaluationJson.Compact));

    /// <summary>Writes a file whole or not at all.</summary>
    internal static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        string beside = path + ".tmp";
        using (FileStream file = File.Create(beside)) file.Write(bytes);
        File.Move(beside, path, overwrite: true);
    }

    private static T Read<T>(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(file, EvaluationJson.Compact) ?? throw new EvaluationFolderException($"{path}: the file holds null");
        }
        catch (JsonException error)
        {
            throw new EvaluationFolderException(
                string.Create(CultureInfo.InvariantCulture, $"{path}: line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}: not a file of an evaluation; delete it"), error);
        }
    }

    private string FileOf(int index, EvaluationPath path)
        => System.IO.Path.Combine(_periods, string.Create(CultureInfo.InvariantCulture, $"{_market.Plan.FirstPeriod + index:D4}-{(path == EvaluationPath.Frozen ? "frozen" : "full")}.json"));

    // The first thing that differs and that a reader knows by name.
    private static string Difference(PlanSummary found, PlanSummary wanted)
    {
        (string Name, string Found, string Wanted)[] parts =
        [
            ("seed", Text(found.Seed), Text(wanted.Seed)),
            ("first period", Text(found.FirstPeriod), Text(wanted.FirstPeriod)),
            ("line-ups", string.Join(' ', found.LineUps), string.Join(' ', wanted.LineUps)),
            ("policies", string.Join(' ', found.Policies.Select(p => p.Name)), string.Join(' ', wanted.Policies.Select(p => p.Name))),
            ("budgets", string.Join(' ', found.BudgetFactors.Select(b => Text(b))), string.Join(' ', wanted.BudgetFactors.Select(b => Text(b)))),
            ("modes", string.Join(' ', found.Modes), string.Join(' ', wanted.Modes)),
            ("seats together", Text(found.SeatsTogether), Text(wanted.SeatsTogether)),
            ("preset", found.Preset, wanted.Preset),
            ("opportunities", Text(found.OpportunitiesPerPeriod), Text(wanted.OpportunitiesPerPeriod)),
            ("mean value", Text(found.MeanValue), Text(wanted.MeanValue)),
            ("guard", found.Guard ? "on" : "off", wanted.Guard ? "on" : "off"),
            ("prior", found.PriorSha256 ?? found.Prior ?? "none", wanted.PriorSha256 ?? wanted.Prior ?? "none"),
            ("shift", found.Shift ?? "none", wanted.Shift ?? "none"),
            ("unknown", Names(found.Unknown), Names(wanted.Unknown)),
            ("models", string.Join(' ', found.Policies.Select(p => p.Sha256)), string.Join(' ', wanted.Policies.Select(p => p.Sha256))),
        ];
        (string Name, string Found, string Wanted) first = parts.FirstOrDefault(part => part.Found != part.Wanted);
        return first.Name is null ? "other line-ups, settings or rules" : $"{first.Name} {first.Found}, not {first.Wanted}";

        static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
        static string Names(IReadOnlyList<string> names) => names.Count == 0 ? "nothing" : string.Join(',', names);
    }
}
