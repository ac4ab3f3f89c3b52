using System.Globalization;
using System.Text.Json;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>
/// gates.json: all attempts of all models, committed beside them. A new attempt gets the first seed above every used one and is entered before anything is
/// played, so that nobody can play until a seed pleases. Its folder holds attempt.json: the same model in the same folder goes on with its seed.
/// </summary>
public sealed class GateLedger
{
    /// <summary>Training and evaluations for its choices use lower seeds.</summary>
    public const ulong FirstSeed = 20_001;

    private readonly string _path;

    /// <param name="path">gates.json; may be missing: no attempt yet.</param>
    public GateLedger(string path) => _path = path;

    /// <summary>By seed.</summary>
    /// <exception cref="GateException">The file cannot be read.</exception>
    public IReadOnlyList<GateAttempt> Attempts => Read();

    /// <summary>The attempt that a folder holds, or a new one.</summary>
    /// <exception cref="GateException">The folder belongs to another model, card or prior, or the log does not list its attempt.</exception>
    public GateAttempt Begin(GateSubject subject, string folder)
    {
        string marker = Path.Combine(folder, "attempt.json");
        GateAttempt wanted = new(0, subject.Name, subject.Version, subject.CardSha256, subject.Prior.Sha256);
        if (File.Exists(marker)) return Resume(marker, wanted);
        Directory.CreateDirectory(folder);
        using FileStream alone = Alone();
        GateAttempt[] attempts = Read();
        GateAttempt attempt = wanted with { Seed = Math.Max(FirstSeed, attempts.Length == 0 ? 0 : attempts.Max(a => a.Seed) + 1) };
        Write([.. attempts, attempt]);
        EvaluationFolder.Write(marker, JsonSerializer.SerializeToUtf8Bytes(attempt, EvaluationJson.Indented));
        return attempt;
    }

    /// <summary>Enters an attempt's outcome.</summary>
    /// <exception cref="GateException">The log does not list it.</exception>
    public void Finish(GateAttempt attempt, GateDecision decision, GateFigures figures)
    {
        using FileStream alone = Alone();
        GateAttempt[] attempts = Read();
        int at = Array.FindIndex(attempts, a => IsSame(a, attempt));
        if (at < 0) throw new GateException($"{_path} no longer lists the attempt with seed {Text(attempt.Seed)}");
        attempts[at] = attempts[at] with { Verdict = GateVerdict.Word(decision.Verdict), Results = GateResult.Of(figures) };
        Write(attempts);
    }

    private GateAttempt Resume(string marker, GateAttempt wanted)
    {
        GateAttempt found = Parse<GateAttempt>(marker);
        if (!IsSame(found, wanted with { Seed = found.Seed }))
        {
            string other = (found.Model, found.Version) != (wanted.Model, wanted.Version) ? $"{found.Model}/{Text(found.Version)}"
                : found.CardSha256 != wanted.CardSha256 ? "another card of this model" : $"the prior {found.PriorSha256}";
            throw new GateException($"{marker} is of {other}: take another folder");
        }

        return Read().FirstOrDefault(a => IsSame(a, found))
            ?? throw new GateException($"{marker} has seed {Text(found.Seed)}, which {_path} does not list for this model: take another folder");
    }

    private static bool IsSame(GateAttempt a, GateAttempt b)
        => (a.Seed, a.Model, a.Version, a.CardSha256, a.PriorSha256) == (b.Seed, b.Model, b.Version, b.CardSha256, b.PriorSha256);

    private GateAttempt[] Read()
    {
        if (!File.Exists(_path)) return [];
        GateAttempt[] attempts = [.. Parse<Log>(_path).Attempts.OrderBy(a => a.Seed)];
        if (attempts.Zip(attempts.Skip(1)).FirstOrDefault(pair => pair.First.Seed == pair.Second.Seed).First is { } twice)
            throw new GateException($"{_path}: seed {Text(twice.Seed)} is listed twice");
        return attempts;
    }

    private void Write(IReadOnlyList<GateAttempt> attempts)
        => EvaluationFolder.Write(_path, JsonSerializer.SerializeToUtf8Bytes(new Log(attempts), EvaluationJson.Indented));

    // Two gates that start at once must not take the same seed.
    private FileStream Alone()
    {
        try
        {
            return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException error)
        {
            throw new GateException($"{_path} cannot be changed: {error.Message}", error);
        }
    }

    private static T Parse<T>(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return JsonSerializer.Deserialize<T>(file, EvaluationJson.Compact) ?? throw new GateException($"{path}: the file holds null");
        }
        catch (JsonException error)
        {
            throw new GateException(string.Create(CultureInfo.InvariantCulture, $"{path}: line {error.LineNumber + 1}: {error.Message}"), error);
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private sealed record Log(IReadOnlyList<GateAttempt> Attempts);
}
