using System.Collections.Concurrent;
using AutoBid.Core.Campaigns;
using AutoBid.Policies.Models;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Gate;

namespace AutoBid.Simulator.Tests.Evaluation.Gate;

public sealed class GateLedgerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Log => Path.Combine(_folder.Path, "gates.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_attempt_burns_its_seed_and_only_the_same_model_in_the_same_folder_goes_on()
    {
        Assert.Equal(20_001UL, Begin("a").Seed);
        Assert.Equal(20_002UL, Begin("b").Seed);
        Assert.Equal(20_003UL, Begin("c", GateCases.Subject(name: "cbd", card: "c9")).Seed);
        Assert.Equal(20_001UL, Begin("a").Seed);
        Assert.Equal(20_003UL, Begin("c", GateCases.Subject(name: "cbd", card: "c9")).Seed);
        // A folder that was thrown away does not give its seed back.
        Directory.Delete(Path.Combine(_folder.Path, "b"), recursive: true);
        Assert.Equal(20_004UL, Begin("b").Seed);
        Assert.Equal([20_001, 20_002, 20_003, 20_004], new GateLedger(Log).Attempts.Select(a => (int)a.Seed));
        Assert.All(new GateLedger(Log).Attempts, a => Assert.Null(a.Verdict));
        Assert.False(File.Exists(Log + ".lock"));
    }

    [Fact]
    public void A_seed_above_others_is_the_next_ones_start()
    {
        File.WriteAllText(Log, """{"attempts":[{"seed":31000,"model":"gave","version":1,"cardSha256":"c1","priorSha256":"p1"},{"seed":7,"model":"gave","version":1,"cardSha256":"c1","priorSha256":"p1"}]}""");
        Assert.Equal(31_001UL, Begin("a").Seed);
        Assert.Equal([7, 31_000, 31_001], new GateLedger(Log).Attempts.Select(a => (int)a.Seed));
    }

    [Fact]
    public void The_outcome_is_entered_in_short()
    {
        Begin("a");
        GateAttempt attempt = Begin("b");
        IReadOnlyList<GateComparison> comparisons = GateCases.Winning.With(PacingMode.SpendFirst, EvaluationPath.Full, 1.5, c => c with { Difference = -0.0123456 });
        new GateLedger(Log).Finish(attempt, new GateDecision(Verdict.Usable, ["x"]), GateCases.Figures(comparisons));
        GateAttempt[] all = [.. new GateLedger(Log).Attempts];
        Assert.Null(all[0].Verdict);
        Assert.Equal("usable", all[1].Verdict);
        Assert.Equal(6, all[1].Results!.Count);
        GateResult result = all[1].Results![2];
        Assert.Equal((PacingMode.SpendFirst, 1.5, "mpc", -1.23), (result.Mode, result.BudgetFactor, result.Reference, result.Full));
        Assert.Equal([0, 1, 2], result.Frozen);
        // At half the budget rivals that react were not played.
        Assert.Null(all[1].Results![0].Full);
        // A finished attempt is found again, not entered anew.
        Assert.Equal(20_002UL, Begin("b").Seed);
        Assert.Equal(2, new GateLedger(Log).Attempts.Count);
    }

    [Theory]
    [InlineData("cbd", 2, "c2", "p1", "is of gave/2")]
    [InlineData("gave", 3, "c2", "p1", "is of gave/2")]
    [InlineData("gave", 2, "c3", "p1", "another card")]
    [InlineData("gave", 2, "c2", "p2", "the prior p1")]
    public void A_folder_of_another_model_card_or_prior_is_refused(string name, int version, string card, string prior, string expected)
    {
        Begin("a");
        GateException error = Assert.Throws<GateException>(() => Begin("a", GateCases.Subject(name, version, card, prior)));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("attempt.json", error.Message, StringComparison.Ordinal);
        Assert.Single(new GateLedger(Log).Attempts);
    }

    [Fact]
    public void An_attempt_that_was_taken_out_of_the_log_does_not_go_on()
    {
        GateAttempt attempt = Begin("a");
        File.Delete(Log);
        Assert.Contains("does not list", Assert.Throws<GateException>(() => Begin("a")).Message, StringComparison.Ordinal);
        Assert.Throws<GateException>(() => new GateLedger(Log).Finish(attempt, new GateDecision(Verdict.Default, []), GateCases.Figures(GateCases.Winning)));
        // Another model has taken the seed meanwhile.
        Begin("b", GateCases.Subject(name: "cbd"));
        Assert.Contains("20001", Assert.Throws<GateException>(() => Begin("a")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{", "line 1")]
    [InlineData("""{"attempts":[{"seed":1}]}""", "gates.json")]
    [InlineData("null", "null")]
    [InlineData("""{"attempts":[{"seed":1,"model":"a","version":1,"cardSha256":"","priorSha256":""},{"seed":1,"model":"b","version":1,"cardSha256":"","priorSha256":""}]}""", "seed 1 is listed twice")]
    public void A_broken_log_stops_everybody(string text, string expected)
    {
        File.WriteAllText(Log, text);
        Assert.Contains(expected, Assert.Throws<GateException>(() => Begin("a")).Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Log));
        Assert.False(File.Exists(Path.Combine(_folder.Path, "a", "attempt.json")));
    }

    [Fact]
    public void Attempts_that_start_at_once_never_share_a_seed()
    {
        var seeds = new ConcurrentBag<ulong>();
        Parallel.For(0, 12, i =>
        {
            try
            {
                seeds.Add(Begin($"folder-{i}").Seed);
            }
            catch (GateException)
            {
                // Somebody else was writing: an error, not a wrong seed.
            }
        });
        Assert.NotEmpty(seeds);
        Assert.Equal(seeds.Order(), new GateLedger(Log).Attempts.Select(a => a.Seed));
        Assert.Equal(seeds.Count, seeds.Distinct().Count());
    }

    [Fact]
    public void Line_ups_are_drawn_from_the_seed_and_training_never_saw_them()
    {
        GateProtocol protocol = GateProtocol.Standard;
        Assert.Equal(protocol.LineUpsOf(20_001), protocol.LineUpsOf(20_001));
        var all = new HashSet<int>();
        for (ulong seed = 20_001; seed < 20_051; seed++)
        {
            IReadOnlyList<int> numbers = protocol.LineUpsOf(seed);
            Assert.Equal(4, numbers.Distinct().Count());
            Assert.All(numbers, number => Assert.InRange(number, 1_000, 999_999));
            all.UnionWith(numbers);
        }

        Assert.True(all.Count > 195);
    }

    [Fact]
    public void The_standard_protocol_is_the_one_that_was_promised()
    {
        GateProtocol protocol = GateProtocol.Standard;
        Assert.Equal([0.5, 1, 1.5], protocol.BudgetFactors);
        Assert.Equal([1, 1.5], protocol.FullBudgetFactors);
        Assert.True(protocol is { LineUps: >= 4, TestPeriods: >= 80, FullPeriods: 10, Seats.Count: 48 });
        Assert.True(protocol.FirstValidationPeriod + protocol.ValidationPeriods <= protocol.FirstTestPeriod);
        Assert.Contains(GateProtocol.TargetFirstReference, GateProtocol.SimplePolicies);
    }

    private GateAttempt Begin(string folder, GateSubject? subject = null)
        => new GateLedger(Log).Begin(subject ?? GateCases.Subject(), Path.Combine(_folder.Path, folder));
}
