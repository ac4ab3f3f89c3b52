using System.Collections.Immutable;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Models;

namespace AutoBid.Policies.Fallback;

/// <summary>
/// Policy names to policies: the simple ones, and the models that are live now. A campaign without a name runs under the model whose verdict is
/// default (of several the preferred one, else the first by name), else under mpc. Safe on any number of threads.
/// </summary>
public sealed class PolicyCatalog
{
    public const string DefaultSimple = "mpc";

    private readonly IBidPolicy[] _simple;
    private readonly ILiveModels? _models;
    private readonly ChainOptions _options;
    private readonly TimeProvider _monotonic;
    private PolicySet _current;

    /// <param name="simple">Policies without a model file; must contain mpc.</param>
    /// <param name="models">Null: no model serves.</param>
    /// <param name="monotonic">Clock of the circuit breakers.</param>
    /// <exception cref="ArgumentException">No mpc, or a name twice.</exception>
    public PolicyCatalog(IEnumerable<IBidPolicy> simple, ILiveModels? models, TimeProvider monotonic, ChainOptions? options = null)
    {
        _simple = [.. simple];
        _models = models;
        _options = options ?? new ChainOptions();
        _monotonic = monotonic;
        if (_simple.DistinctBy(policy => policy.Name).Count() != _simple.Length) throw new ArgumentException("A policy name occurs twice.", nameof(simple));
        if (!_simple.Any(policy => policy.Name == DefaultSimple)) throw new ArgumentException("The default, mpc, is missing.", nameof(simple));
        _current = Build(_models?.Live ?? [], null);
    }

    /// <summary>Names that a campaign may ask for now, ordinal order.</summary>
    public IReadOnlyList<string> Names => Current.Names;

    /// <summary>Name that campaigns without one run under.</summary>
    public string DefaultName => Current.Default.Name;

    /// <summary>Whether a campaign may be created with this policy; null (the default) always may.</summary>
    public bool IsKnown(string? name) => name is null || Current.ByName.ContainsKey(name);

    /// <summary>The policy behind a name; null: the default's. False when no policy or live model has this name.</summary>
    public bool TryResolve(string? name, out IBidPolicy policy)
    {
        PolicyEntry entry = Current.Resolve(name);
        policy = entry.Policy!;
        return entry.Policy is not null;
    }

    /// <summary>What a name stands for now and why; null: what campaigns without a policy run under.</summary>
    public PolicyChoice Describe(string? name)
    {
        PolicySet set = Current;
        PolicyEntry entry = set.Resolve(name);
        // Only models have a breaker.
        LiveModel? model = entry.Breaker is null ? null : set.Models.First(live => live.Name == entry.Name);
        List<string> parts = model is null ? [] : [Judgement(model)];
        if (entry.Policy is null) parts.Add("not served here");
        else if (name is not null) parts.Add("asked for by name");
        else if (model is null) parts.Add("no model has the verdict default");

        // A version that was refused explains why an older one, or none of this name, decides; where no model does, all of them explain it.
        bool explainsAll = name is null && model is null;
        IEnumerable<string> others = explainsAll ? set.Models.Select(live => $"{live.Name}/{live.Version}: {Judgement(live)}") : [];
        string[] notes = [.. others, .. (_models?.Refusals ?? []).Where(refusal => explainsAll || refusal.Name == entry.Name).Select(Told)];
        if (explainsAll && notes.Length == 0) notes = ["there is no model"];
        string reason = string.Join("; ", parts) + (notes.Length == 0 ? "" : $" ({string.Join("; ", notes)})");
        return new PolicyChoice(entry.Name, entry.Model, model is null ? null : Word(model.Verdict), reason);
    }

    internal PolicySet Current
    {
        get
        {
            PolicySet current = Volatile.Read(ref _current);
            if (_models is null || current.Models == _models.Live) return current;
            // Two threads may both build: the sets are equal, and either may win.
            PolicySet next = Build(_models.Live, current);
            Volatile.Write(ref _current, next);
            return next;
        }
    }

    private static string Judgement(LiveModel model) => model.Reason.Length == 0 ? Word(model.Verdict) : $"{Word(model.Verdict)}, {model.Reason}";

    private static string Told(ModelRefusal refusal) => $"{refusal.Name}/{refusal.Version}: refused, {refusal.Message}";

    private static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private PolicySet Build(ImmutableArray<LiveModel> models, PolicySet? before)
    {
        var entries = new Dictionary<string, PolicyEntry>(StringComparer.Ordinal);
        foreach (IBidPolicy policy in _simple) entries.Add(policy.Name, new PolicyEntry(policy.Name, policy, null));
        PolicyEntry standard = entries[DefaultSimple];
        bool found = false;
        foreach (LiveModel model in models)
        {
            // The breaker of a model that stays keeps what it has counted.
            bool same = before is not null && before.ByName.TryGetValue(model.Name, out PolicyEntry? old) && ReferenceEquals(old.Policy, model.Policy);
            PolicyEntry entry = same ? before!.ByName[model.Name] : new PolicyEntry(model.Name, model.Policy, new ModelBreaker(_options, _monotonic));
            entries[model.Name] = entry;
            if (model.Verdict != Verdict.Default || (found && !model.IsPreferred)) continue;
            found = true;
            standard = entry;
        }

        return new PolicySet(models, entries, standard);
    }
}
