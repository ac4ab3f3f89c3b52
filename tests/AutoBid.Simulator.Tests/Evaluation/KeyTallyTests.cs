using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Analysis;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Evaluation;

public sealed class KeyTallyTests
{
    // Shares of a budget of 100 and of a value of 10 at a target of 10, around every limit.
    private static readonly Gen<Key> AnyKey =
        from cost in Percent
        from value in Percent
        from oracleCost in Gen.Elements(0.5, 0.984, 0.985, 1)
        from oracleValue in Gen.Elements(0.4, 0.985, 1.2)
        from scale in Gen.Elements(0.5, 1, 40)
        select new Key(100 * scale, 10, 100 * scale * cost, 10 * scale * value, 100 * scale * oracleCost, 10 * scale * oracleValue);

    private static Gen<double> Percent => Gen.Choose(0, 130).Select(p => p / 100.0);

    [Fact]
    public void Budget_use_and_kept_targets_are_those_of_the_keys()
        => Prop.ForAll(AnyKey.NonEmptyListOf().ToArbitrary(), list =>
        {
            Key[] keys = [.. list];
            KeyTally tally = Tally(keys);
            Key[] spendable = [.. keys.Where(k => k.OracleCost >= 0.985 * k.Budget && k.OracleCost <= k.Target * k.OracleValue * (1 + 1e-9))];
            Assert.Equal(keys.Length, tally.Keys);
            Assert.Equal(spendable.Length, tally.SpendableKeys);
            if (spendable.Length == 0) Assert.Null(tally.BudgetUse);
            else Assert.Equal(spendable.Sum(k => k.Cost) / spendable.Sum(k => k.Budget), tally.BudgetUse!.Value, 1e-12);
            Assert.Equal(keys.Count(k => k.Cost <= k.Target * k.Value * (1 + 1e-9)), tally.KeptExpected);
            Assert.Equal(keys.Count(k => k.Cost <= 1.1 * k.Target * k.Value * (1 + 1e-9)), tally.KeptTolerant);
        }).Check(Checks.Config);

    [Fact]
    public void Tallies_of_two_periods_are_the_sum_of_each_and_their_order_does_not_count()
        => Prop.ForAll(AnyKey.NonEmptyListOf().Zip(AnyKey.NonEmptyListOf()).ToArbitrary(), pair =>
        {
            KeyTally one = Tally([.. pair.Item1]), two = Tally([.. pair.Item2]), both = Tally([.. pair.Item1], [.. pair.Item2]), turned = Tally([.. pair.Item2], [.. pair.Item1]);
            Assert.Equal(one.SpendableKeys + two.SpendableKeys, both.SpendableKeys);
            Assert.Equal(one.KeptTolerant + two.KeptTolerant, both.KeptTolerant);
            Assert.Equal(one.Cost + two.Cost, both.Cost, 1e-6);
            Assert.InRange(both.KeptTolerant, both.KeptExpected, both.Keys);
            Assert.Equal(both.CpaRatios, turned.CpaRatios);
            if (one.BudgetUse is { } first && two.BudgetUse is { } second)
                Assert.InRange(both.BudgetUse!.Value, Math.Min(first, second) - 1e-12, Math.Max(first, second) + 1e-12);
        }).Check(Checks.Config);

    private static KeyTally Tally(params Key[][] periods) => new([.. periods.Select(Period)], "any", PacingMode.SpendFirst, 1);

    private static PeriodOutcome Period(Key[] keys) => new()
    {
        Plan = "",
        Period = 0,
        LineUp = "",
        Path = EvaluationPath.Frozen,
        Opportunities = [],
        Oracles =
        [
            new OracleOutcome
            {
                BudgetFactor = 1,
                Mode = PacingMode.SpendFirst,
                Budget = [.. keys.Select(k => k.Budget)],
                Target = [.. keys.Select(k => k.Target)],
                Score = [.. keys.Select(k => k.OracleValue)],
                Multiplier = [.. keys.Select(_ => 1.0)],
                Cost = [.. keys.Select(k => k.OracleCost)],
                Value = [.. keys.Select(k => k.OracleValue)],
                ResponseCost = [],
                ResponseValue = [],
            },
        ],
        Policies =
        [
            new PolicyOutcome
            {
                Policy = "any",
                BudgetFactor = 1,
                Mode = PacingMode.SpendFirst,
                Cost = [.. keys.Select(k => k.Cost)],
                Value = [.. keys.Select(k => k.Value)],
                Conversions = new int[keys.Length],
                Expected = new double[keys.Length],
                Realised = new double[keys.Length],
                SpendShare = [],
                ValueShare = [],
                MultiplierP10 = [],
                MultiplierP50 = [],
                MultiplierP90 = [],
            },
        ],
    };

    private sealed record Key(double Budget, double Target, double Cost, double Value, double OracleCost, double OracleValue);
}
