using System.Text.Json.Nodes;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;
using static AutoBid.Policies.Tests.Testing.ModelFiles;

namespace AutoBid.Policies.Tests.Models;

public sealed class ModelRegistryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("autobid-models").FullName;
    private readonly CountingMeter _meter = new();
    private readonly List<(string Name, string Version, RefusalReason Reason, string Message)> _refused = [];

    public void Dispose()
    {
        _meter.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact]
    public void A_sound_model_goes_live_and_decides()
    {
        Install("tiny", verdict: "default");
        using ModelRegistry registry = Loaded();
        LiveModel live = Assert.Single(registry.Live);
        Assert.True(live is { Name: "tiny", Version: "1", Verdict: Verdict.Default });
        Assert.Equal(PolicyCadence.StepStart, live.Policy.Cadence);
        PolicyDecision decision = Call.One(live.Policy, new Days().Input(d => d.Steps(6, 0.8), Days.Prior()));
        Assert.True(decision.IsDecided && decision.Multiplier is > 0.05 and < 4);
        Assert.Empty(_refused);
    }

    [Fact]
    public void A_residual_model_goes_live_too()
    {
        Install("residual");
        using ModelRegistry registry = Loaded();
        Assert.True(Call.One(Assert.Single(registry.Live).Policy, new Days().Input(d => d.Steps(6, 0.8), Days.Prior())).IsDecided);
    }

    [Fact]
    public void A_planner_goes_live_and_plans_the_same_day_the_same_way()
    {
        Install("planner");
        using ModelRegistry registry = Loaded();
        IBidPolicy policy = Assert.Single(registry.Live).Policy;
        PolicyInput input = new Days().Input(d => d.Steps(6, 0.8), Days.Prior());
        PolicyDecision first = Call.One(policy, input), second = Call.One(policy, input);
        Assert.Equal((6, 42), (first.Plan!.FirstStep, first.Plan.Spend.Count));
        Assert.All(first.Plan.Spend, share => Assert.Equal(0.01, share, 0.004));
        Assert.Equal(first.Plan.Spend, second.Plan!.Spend);
        Assert.Equal(first.Multiplier, second.Multiplier);
    }

    [Fact]
    public void A_missing_folder_serves_nothing()
    {
        using var registry = new ModelRegistry(Path.Combine(_root, "absent"), new ModelRegistryOptions(), _meter.Metrics, new ManualClock());
        registry.Reload();
        Assert.Empty(registry.Live);
        Assert.Empty(registry.List());
    }

    [Fact]
    public void A_changed_graph_is_refused()
    {
        string folder = Install("tiny");
        byte[] bytes = File.ReadAllBytes(Path.Combine(folder, "model.onnx"));
        bytes[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(folder, "model.onnx"), bytes);
        Refuses(RefusalReason.Hash, "model.onnx has SHA-256");
    }

    [Fact]
    public void A_changed_card_or_a_foreign_verdict_is_refused()
    {
        string folder = Install("tiny");
        Edit(folder, card => card["serving"]!["e"] = 0.5, judge: false);
        Refuses(RefusalReason.Verdict, "another card.json");
    }

    [Theory]
    [InlineData("excellent", "excellent")]
    public void An_unknown_verdict_is_refused(string verdict, string expected)
    {
        Install("tiny", verdict: verdict);
        Refuses(RefusalReason.Verdict, expected);
    }

    [Fact]
    public void A_verdict_that_names_a_file_twice_is_refused()
    {
        string folder = Install("tiny"), card = ModelFiles.Hash(Path.Combine(folder, "card.json")), model = ModelFiles.Hash(Path.Combine(folder, "model.onnx"));
        File.WriteAllText(
            Path.Combine(folder, "verdict.json"), $$"""{"verdict":"usable","cardSha256":"{{card}}","files":{"model.onnx":"{{model}}","model.onnx":"{{model}}"} }""");
        Refuses(RefusalReason.Verdict, "verdict.json needs");
    }

    [Fact]
    public void A_missing_verdict_is_refused()
    {
        File.Delete(Path.Combine(Install("tiny"), "verdict.json"));
        Refuses(RefusalReason.Verdict, "verdict.json");
    }

    [Fact]
    public void A_graph_of_another_shape_is_refused()
    {
        string folder = Install("tiny");
        File.Copy(Path.Combine(Cards.Source, "wrong-shape.onnx"), Path.Combine(folder, "model.onnx"), overwrite: true);
        Edit(folder, card => card["files"]![0]!["sha256"] = Hash(Path.Combine(folder, "model.onnx")));
        Refuses(RefusalReason.Shape, "condition");
    }

    [Fact]
    public void Failed_parity_is_refused()
    {
        string folder = Install("tiny");
        // Rows of another model: the same inputs, other answers.
        File.Copy(Path.Combine(Cards.Source, "residual", "parity.npz"), Path.Combine(folder, "parity.npz"), overwrite: true);
        Refuses(RefusalReason.Parity, "action of row 0");
    }

    [Fact]
    public void A_card_cannot_ask_for_more_tolerance_than_the_cap()
    {
        string folder = Install("tiny");
        File.Copy(Path.Combine(Cards.Source, "residual", "parity.npz"), Path.Combine(folder, "parity.npz"), overwrite: true);
        Edit(folder, card => (card["files"]![0]!["rtol"], card["files"]![0]!["atol"]) = (0.99, 0.99));
        Refuses(RefusalReason.Parity, "0.0001");
    }

    [Fact]
    public void Missing_parity_rows_are_refused()
    {
        File.Delete(Path.Combine(Install("tiny"), "parity.npz"));
        Refuses(RefusalReason.Parity, "parity.npz");
    }

    [Fact]
    public void Garbage_in_place_of_a_graph_is_refused()
    {
        string folder = Install("tiny");
        File.WriteAllText(Path.Combine(folder, "model.onnx"), "no graph");
        Edit(folder, card => card["files"]![0]!["sha256"] = Hash(Path.Combine(folder, "model.onnx")));
        Refuses(RefusalReason.Session, "cannot be opened");
    }

    [Fact]
    public void An_unknown_builder_or_kind_is_refused()
    {
        string folder = Install("tiny");
        Edit(folder, card => card["features"]!["name"] = "tarot");
        Refuses(RefusalReason.Features, "tarot");
        Edit(folder, card => (card["features"]!["name"], card["kind"]) = ("scale-free", "tree"));
        Refuses(RefusalReason.Card, "tree");
    }

    [Fact]
    public void A_card_of_a_planner_over_a_graph_that_plans_nothing_is_refused()
    {
        Edit(Install("tiny"), card => card["kind"] = "diffusion");
        Refuses(RefusalReason.Shape, "noise");
    }

    [Fact]
    public void A_market_goes_live_and_decides_the_same_day_the_same_way()
    {
        Install("market");
        using ModelRegistry registry = Loaded();
        IBidPolicy policy = Assert.Single(registry.Live).Policy;
        PolicyInput input = new Days().Input(d => d.Steps(6, 0.8), Days.Prior());
        PolicyDecision first = Call.One(policy, input), again = Call.One(policy, input);
        Assert.Equal("market/1", policy.Model);
        Assert.Equal(first.Multiplier, again.Multiplier);
        Assert.Equal(first.Plan!.Spend, again.Plan!.Spend);
        Assert.InRange(first.Plan.Promise, 0.8, 1);
    }

    [Fact]
    public void A_market_has_no_action_and_only_a_market_has_none()
    {
        Edit(Install("tiny"), card => card["action"] = "none");
        Refuses(RefusalReason.Card, "action is 'none'");
        Directory.Delete(Path.Combine(_root, "tiny"), recursive: true);
        string folder = Install("market");
        Edit(folder, card => card["action"] = "logMultiplier");
        Refuses(RefusalReason.Card, "not none");
        Edit(folder, card => (card["action"], card["kind"]) = ("logMultiplier", "diffusion"));
        Refuses(RefusalReason.Shape, "noise");
    }

    [Fact]
    public void A_curve_that_is_none_is_refused()
    {
        Edit(Install("market"), card => card["curve"] = new JsonObject
        {
            ["name"] = "curve",
            ["version"] = 1,
            ["bidPerValue"] = new JsonArray(2, 1),
            ["cost"] = new JsonArray(0, 1),
            ["value"] = new JsonArray(0, 1),
            ["meanValue"] = 1,
            ["reference"] = 1,
        });
        Refuses(RefusalReason.Card, "bidPerValue must ascend");
    }

    [Fact]
    public void The_prior_of_its_training_data_is_no_condition()
    {
        Edit(Install("tiny"), card => card["serving"]!["priorSha256"] = new string('a', 64));
        using ModelRegistry registry = Loaded();
        IBidPolicy policy = Assert.Single(registry.Live).Policy;
        // Features are made from the account's prior, whichever it is.
        double[] multipliers = [.. ((int[])[8, 0]).Select(regime => Call.One(policy, new Days().Input(d => d.Steps(6, 0.8), Days.Prior(regime))).Multiplier)];
        Assert.All(multipliers, multiplier => Assert.InRange(multiplier, 0.05, 4));
        Assert.NotEqual(multipliers[0], multipliers[1]);
    }

    [Theory]
    [InlineData(50.0, true)]
    [InlineData(50.001, false)]
    [InlineData(null, true)]
    public void A_model_whose_card_misses_the_deadline_is_refused(double? p99, bool serves)
    {
        Edit(Install("tiny"), card => (card["p99Ms"]!["cpu1"], card["p99Ms"]!["h100"]) = (p99, 900));
        if (!serves)
        {
            Refuses(RefusalReason.Deadline, "its card states a p99 of 50.001 ms a decision on cpu, the deadline here is 50 ms");
            return;
        }

        using ModelRegistry registry = Loaded();
        Assert.Single(registry.Live);
    }

    [Fact]
    public void Each_device_has_its_own_p99_and_each_tick_its_own_deadline()
    {
        Edit(Install("tiny"), card => (card["p99Ms"]!["cpu1"], card["p99Ms"]!["h100"]) = (900, 26));
        ModelRegistryOptions half = new() { Device = "cuda", DeadlineMs = ModelRegistryOptions.DeadlineOf(TimeSpan.FromSeconds(0.5)) };
        Refuses(RefusalReason.Deadline, "p99 of 26 ms a decision on cuda, the deadline here is 25 ms", half);
        Assert.Equal(50, ModelRegistryOptions.DeadlineOf(TimeSpan.FromSeconds(1)));
        Assert.Equal(50, ModelRegistryOptions.DeadlineOf(TimeSpan.FromMinutes(30)));
        // The deadline holds: what refuses the next is that its session here is a CPU's.
        using ModelRegistry registry = Loaded(half with { DeadlineMs = 26 }, (_, _) => throw new NotSupportedException("no such device"));
        Assert.Equal(RefusalReason.Session, _refused[^1].Reason);
    }

    [Fact]
    public void A_promotion_keeps_the_deadline_too()
    {
        Install("tiny", "1");
        using ModelRegistry registry = Loaded();
        Edit(Install("tiny", "2"), card => card["p99Ms"]!["cpu1"] = 51);
        Assert.Equal(RefusalReason.Deadline, Assert.Throws<ModelRefusedException>(() => registry.Promote("tiny", "2")).Reason);
        Assert.Equal("1", Assert.Single(registry.Live).Version);
    }

    [Fact]
    public void The_gates_reason_is_read_as_one_line_and_need_not_be_there()
    {
        string folder = Install("tiny", verdict: "default", reason: "beats mpc\n  by 4.5 points");
        using ModelRegistry registry = Loaded();
        Assert.Equal("beats mpc by 4.5 points", Assert.Single(registry.Live).Reason);
        Assert.Equal("beats mpc by 4.5 points", Assert.Single(registry.List()).Message);
        Judge(folder, "usable");
        registry.Reload();
        Assert.Equal("", Assert.Single(registry.Live).Reason);
        Judge(folder, "default", 7);
        Refuses(RefusalReason.Verdict, "reason must be text");
    }

    [Fact]
    public void Refusals_are_remembered_until_the_next_reload()
    {
        Install("tiny", "1");
        string broken = Install("tiny", "2");
        File.Delete(Path.Combine(broken, "parity.npz"));
        using ModelRegistry registry = Loaded();
        Assert.True(Assert.Single(registry.Refusals) is { Name: "tiny", Version: "2", Reason: RefusalReason.Parity });
        Assert.Contains("parity.npz", registry.Refusals[0].Message, StringComparison.Ordinal);
        registry.Reload();
        Assert.Single(registry.Refusals);
        Directory.Delete(broken, recursive: true);
        registry.Reload();
        Assert.Empty(registry.Refusals);
    }

    [Fact]
    public void A_card_in_the_wrong_folder_is_refused()
    {
        Install("tiny", "2", version: 1);
        Refuses(RefusalReason.Card, "tiny/1 but lies in tiny/2");
    }

    [Fact]
    public void A_session_that_fails_at_parity_is_refused_and_closed()
    {
        Install("tiny");
        var session = new FakeSession { OnRun = () => throw new InferenceException("broken", InferenceFault.Model) };
        using ModelRegistry registry = Loaded(open: (_, _) => session);
        Assert.Empty(registry.Live);
        Assert.Equal(RefusalReason.Session, Assert.Single(_refused).Reason);
        Assert.True(session.IsDisposed);
    }

    [Fact]
    public void The_newest_sound_version_serves_unless_one_is_pinned()
    {
        Install("tiny", "1");
        Install("tiny", "2");
        File.Delete(Path.Combine(Install("tiny", "10"), "parity.npz"));
        using ModelRegistry registry = Loaded();
        Assert.Equal("2", Assert.Single(registry.Live).Version);
        Assert.Equal("10", Assert.Single(_refused).Version);

        registry.Promote("tiny", "1");
        Assert.Equal("1", Assert.Single(registry.Live).Version);
        registry.Reload();
        Assert.Equal("1", Assert.Single(registry.Live).Version);
        using ModelRegistry restarted = Loaded();
        Assert.Equal("1", Assert.Single(restarted.Live).Version);
    }

    [Fact]
    public void Where_the_pinned_version_may_not_serve_the_one_before_goes_on_until_the_gate_refuses_it()
    {
        string serving = Install("tiny", "1");
        using ModelRegistry registry = Loaded();
        File.Delete(Path.Combine(Install("tiny", "2"), "parity.npz"));
        File.WriteAllText(Path.Combine(_root, "tiny", "live.json"), """{"live":"2"}""");
        registry.Reload();
        Assert.Equal(("1", Verdict.Usable), (registry.Live[0].Version, registry.Live[0].Verdict));
        ModelFiles.Judge(serving, "default");
        registry.Reload();
        Assert.Equal(("1", Verdict.Default), (registry.Live[0].Version, registry.Live[0].Verdict));
        ModelFiles.Judge(serving, "refused");
        registry.Reload();
        Assert.Empty(registry.Live);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_model_has_as_many_sessions_on_the_cpu_as_it_may_run_beside_each_other(int slots)
    {
        Install("tiny");
        int opened = 0;
        SessionOpener counting = (model, _) =>
        {
            opened++;
            return OnnxSession.Open(model);
        };
        using var registry = new ModelRegistry(_root, new ModelRegistryOptions { CpuSlots = slots }, _meter.Metrics, TimeProvider.System, counting);
        registry.Reload();
        Assert.Single(registry.Live);
        Assert.Equal(slots, opened);
    }

    [Fact]
    public void Of_several_defaults_the_one_that_the_registry_names_is_preferred()
    {
        Install("residual", verdict: "default");
        Install("tiny", verdict: "default");
        using ModelRegistry registry = Loaded();
        var catalog = new PolicyCatalog([new MpcPolicy()], registry, TimeProvider.System);
        Assert.Equal("residual", catalog.DefaultName);

        string file = Path.Combine(_root, "default.json");
        File.WriteAllText(file, """{ "policy": "tiny" }""");
        registry.Reload();
        Assert.Equal("tiny", catalog.DefaultName);
        registry.Promote("tiny", "1");
        registry.Promote("residual", "1");
        Assert.Equal("tiny", catalog.DefaultName);

        // What is preferred must still have earned it.
        Judge(Path.Combine(_root, "tiny", "1"), "usable");
        registry.Reload();
        Assert.Equal("residual", catalog.DefaultName);
        Assert.Empty(_refused);
        foreach (string wrong in (string[])["{", "{}", """{ "policy": "" }""", "null"])
        {
            File.WriteAllText(file, wrong);
            registry.Reload();
            Assert.Equal("residual", catalog.DefaultName);
            Assert.Equal("default.json", Assert.Single(registry.Refusals).Name);
        }
    }

    [Fact]
    public void A_newer_version_without_a_better_verdict_does_not_displace_a_default()
    {
        Install("tiny", "1", verdict: "default");
        Install("tiny", "2", verdict: "provisional");
        Install("tiny", "3", verdict: "usable");
        using ModelRegistry registry = Loaded();
        Assert.Equal(("1", Verdict.Default), (registry.Live[0].Version, registry.Live[0].Verdict));
        Judge(Path.Combine(_root, "tiny", "3"), "default");
        registry.Reload();
        Assert.Equal("3", Assert.Single(registry.Live).Version);
        Judge(Path.Combine(_root, "tiny", "3"), "refused", "mpc is better");
        Judge(Path.Combine(_root, "tiny", "1"), "refused", "mpc is better");
        registry.Reload();
        Assert.Equal("2", Assert.Single(registry.Live).Version);
    }

    [Fact]
    public void Promotion_of_a_refused_version_changes_nothing_and_rollback_goes_back()
    {
        Install("tiny", "1");
        using ModelRegistry registry = Loaded();
        File.Delete(Path.Combine(Install("tiny", "2"), "parity.npz"));
        Assert.Equal(RefusalReason.Parity, Assert.Throws<ModelRefusedException>(() => registry.Promote("tiny", "2")).Reason);
        Assert.Equal("1", Assert.Single(registry.Live).Version);
        Assert.Throws<InvalidOperationException>(() => registry.Rollback("tiny"));
        Assert.Throws<ModelRefusedException>(() => registry.Promote("tiny", "../x"));

        Install("tiny", "3");
        registry.Promote("tiny", "3");
        registry.Rollback("tiny");
        Assert.Equal("1", Assert.Single(registry.Live).Version);
        registry.Rollback("tiny");
        Assert.Equal("3", Assert.Single(registry.Live).Version);
    }

    [Fact]
    public void A_version_is_found_without_serving_it()
    {
        Install("tiny", "1");
        Install("tiny", "2");
        File.Delete(Path.Combine(Install("tiny", "3"), "parity.npz"));
        using ModelRegistry registry = Loaded();
        Assert.Equal("2", Assert.Single(registry.Live).Version);
        LiveModel older = registry.Find("tiny", "1");
        Assert.Equal(("1", "tiny/1"), (older.Version, older.Policy.Model));
        (older.Policy as IDisposable)?.Dispose();
        Assert.Same(Assert.Single(registry.Live).Policy, registry.Find("tiny", "2").Policy);
        Assert.Equal(RefusalReason.Parity, Assert.Throws<ModelRefusedException>(() => registry.Find("tiny", "3")).Reason);
        Assert.Throws<ModelRefusedException>(() => registry.Find("tiny", "4"));
        Assert.Throws<ModelRefusedException>(() => registry.Find("..", "tiny"));
        Assert.Equal("2", Assert.Single(registry.Live).Version);
        Assert.False(File.Exists(Path.Combine(_root, "tiny", "live.json")));
    }

    [Fact]
    public void A_reload_that_fails_keeps_what_serves()
    {
        string folder = Install("tiny");
        using ModelRegistry registry = Loaded();
        IBidPolicy serving = Assert.Single(registry.Live).Policy;
        File.WriteAllText(Path.Combine(folder, "card.json"), "{");
        registry.Reload();
        Assert.Same(serving, Assert.Single(registry.Live).Policy);
        Assert.True(Call.One(serving, new Days().Input(prior: Days.Prior())).IsDecided);
        Assert.Equal(1, _meter["autobid_model_refused_total card"]);
    }

    [Fact]
    public void A_new_verdict_takes_effect_without_opening_the_graph_again()
    {
        string folder = Install("tiny", verdict: "provisional");
        using ModelRegistry registry = Loaded();
        IBidPolicy serving = Assert.Single(registry.Live).Policy;
        Judge(folder, "default");
        registry.Reload();
        Assert.True(Assert.Single(registry.Live) is { Verdict: Verdict.Default } live && ReferenceEquals(live.Policy, serving));
    }

    [Fact]
    public void What_the_gate_refused_is_not_served_and_the_reason_is_told()
    {
        string folder = Install("tiny", "2", verdict: "provisional");
        Judge(folder, "refused", "mpc is better");
        Refuses(RefusalReason.Gate, "the gate refused it: mpc is better");
        using ModelRegistry registry = Loaded();
        Assert.Equal(RefusalReason.Gate, Assert.Throws<ModelRefusedException>(() => registry.Promote("tiny", "2")).Reason);
        Assert.True(Assert.Single(registry.List()) is { Verdict: Verdict.Refused, IsLive: false, Refusal: RefusalReason.Gate, Message: "mpc is better" });
        Install("tiny", "1");
        registry.Reload();
        Assert.Equal("1", Assert.Single(registry.Live).Version);
    }

    [Fact]
    public void What_the_gate_refuses_while_it_serves_stops_serving()
    {
        string folder = Install("tiny", "2", verdict: "provisional");
        using ModelRegistry registry = Loaded();
        Assert.Single(registry.Live);
        Judge(folder, "refused", "mpc is better");
        registry.Reload();
        Assert.Empty(registry.Live);
        Judge(folder, "usable");
        registry.Reload();
        Assert.Equal(Verdict.Usable, Assert.Single(registry.Live).Verdict);
        Install("tiny", "1");
        Judge(folder, "refused", "mpc is better");
        registry.Reload();
        Assert.Equal("1", Assert.Single(registry.Live).Version);
    }

    [Fact]
    public void A_model_is_examined_whatever_its_verdict_but_not_what_could_never_serve()
    {
        string folder = Install("tiny", "1");
        using ModelRegistry registry = Loaded(new ModelRegistryOptions());
        Judge(folder, "refused", "mpc is better");
        registry.Reload();
        foreach (Action prepare in (Action[])[() => { }, () => File.WriteAllText(Path.Combine(folder, "verdict.json"), "{"), () => File.Delete(Path.Combine(folder, "verdict.json"))])
        {
            prepare();
            LiveModel model = registry.Examine("tiny", "1");
            using var policy = (IDisposable)model.Policy;
            Assert.Equal((Verdict.Provisional, Hash(Path.Combine(folder, "card.json"))), (model.Verdict, model.CardSha256));
            Assert.True(Call.One(model.Policy, new Days().Input(d => d.Steps(6, 0.8), Days.Prior())).IsDecided);
            Assert.Empty(registry.Live);
        }

        File.Delete(Path.Combine(folder, "parity.npz"));
        Assert.Equal(RefusalReason.Parity, Assert.Throws<ModelRefusedException>(() => registry.Examine("tiny", "1")).Reason);
        File.WriteAllText(Path.Combine(folder, "model.onnx"), "no graph");
        Assert.Equal(RefusalReason.Hash, Assert.Throws<ModelRefusedException>(() => registry.Examine("tiny", "1")).Reason);
        Assert.Equal(RefusalReason.Card, Assert.Throws<ModelRefusedException>(() => registry.Examine("tiny", "../tiny/1")).Reason);
    }

    [Fact]
    public async Task Decisions_go_on_while_versions_change()
    {
        Install("tiny", "1");
        Install("tiny", "2");
        using ModelRegistry registry = Loaded();
        using var stop = new CancellationTokenSource();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task deciding = Task.Run(() =>
        {
            PolicyInput input = new Days().Input(d => d.Steps(6, 0.8), Days.Prior());
            while (!stop.IsCancellationRequested)
            {
                Assert.True(Call.One(registry.Live.Single().Policy, input).IsDecided);
                begun.TrySetResult();
            }
        });
        await Task.WhenAny(begun.Task, deciding);
        for (int i = 0; i < 20; i++)
        {
            registry.Promote("tiny", i % 2 == 0 ? "1" : "2");
            registry.Reload();
        }

        await stop.CancelAsync();
        await deciding;
        Assert.True(begun.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public void Listing_shows_every_version_with_what_is_against_it()
    {
        Install("tiny", "1", verdict: "usable");
        File.Delete(Path.Combine(Install("tiny", "2"), "verdict.json"));
        using ModelRegistry registry = Loaded();
        IReadOnlyList<ModelListing> list = registry.List();
        Assert.Equal(["2", "1"], list.Select(l => l.Version));
        Assert.True(list[0] is { Verdict: null, IsLive: false, Refusal: RefusalReason.Verdict });
        Assert.True(list[1] is { Verdict: Verdict.Usable, IsLive: true, Refusal: null });
    }

    private void Refuses(RefusalReason reason, string message, ModelRegistryOptions? options = null)
    {
        _refused.Clear();
        using ModelRegistry registry = Loaded(options);
        Assert.Empty(registry.Live);
        var refused = Assert.Single(_refused);
        Assert.Equal(reason, refused.Reason);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.True(_meter["autobid_model_refused_total " + reason.ToString().ToLowerInvariant()] > 0);
    }

    private ModelRegistry Loaded(ModelRegistryOptions? options = null, SessionOpener? open = null)
    {
        var registry = new ModelRegistry(_root, options ?? new ModelRegistryOptions(), _meter.Metrics, new ManualClock(), open);
        registry.Refused += (name, version, error) => _refused.Add((name, version, error.Reason, error.Message));
        registry.Reload();
        return registry;
    }

    private string Install(string name, string folderVersion = "1", string verdict = "usable", int? version = null, string? reason = null)
        => Testing.ModelFiles.Install(_root, name, folderVersion, verdict, version, reason);
}
