using System.Runtime.CompilerServices;
using AutoBid.Core.Conversions;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Core.Tests.Conversions;

public sealed class DelayTests
{
    private const double Hour = 60, Day = 1440;

    /// <summary>Evidence of a campaign that wins evenly and converts with exponential delays, by days: exact expectations, or draws.</summary>
    internal static DelayEvidence Campaign(int days, double valuePerDay, double calibration, double meanMinutes, Random? random = null, int[]? seen = null)
    {
        var evidence = default(DelayEvidence);
        var arrivals = new int[days * DelayBins.Count];
        random ??= new Random(1);
        for (int d = 0; d < days; d++)
        {
            int conversions = (int)Math.Round(valuePerDay * calibration);
            for (int i = 0; i < conversions; i++)
            {
                double click = (d + random.NextDouble()) * Day, delay = -Math.Log(1 - random.NextDouble()) * meanMinutes;
                int arrivedOn = (int)((click + delay) / Day);
                if (arrivedOn < days) arrivals[arrivedOn * DelayBins.Count + DelayBins.Of((long)(delay * TimeSpan.TicksPerMinute))]++;
            }
        }

        Span<double> exposed = stackalloc double[DelayBins.Count];
        for (int d = 0; d < days; d++)
        {
            exposed.Clear();
            for (int won = 0; won <= d; won++)
            {
                for (int b = 0; b < DelayBins.Count; b++)
                {
                    exposed[b] += valuePerDay * (DelayBins.Passed(b, (d - won) * Day, (d - won + 1) * Day)
                        - (won == d ? 0 : DelayBins.Passed(b, (d - won - 1) * Day, (d - won) * Day)));
                }
            }

            for (int b = 0; b < DelayBins.Count; b++)
            {
                for (int n = arrivals[d * DelayBins.Count + b]; n > 0; n--) evidence.Add((long)(DelayBins.Start(b) * TimeSpan.TicksPerMinute), 1);
                if (seen is not null) seen[b] += arrivals[d * DelayBins.Count + b];
            }

            evidence.Fold(exposed, 1);
        }

        return evidence;
    }

    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0.99, 0)]
    [InlineData(1, 1)]
    [InlineData(1.99, 1)]
    [InlineData(2, 2)]
    [InlineData(60, 6)]
    [InlineData(32_768, 16)]
    [InlineData(1e6, 16)]
    public void A_delay_has_a_bin(double minutes, int bin)
    {
        Assert.Equal(bin, DelayBins.Of((long)(minutes * TimeSpan.TicksPerMinute)));
        if (minutes is >= 0 and < 43_200) Assert.InRange(minutes, DelayBins.Start(bin), DelayBins.End(bin));
    }

    [Fact]
    public void What_wins_have_passed_of_a_bin_is_the_mean_over_their_ages()
        => Prop.ForAll<byte, ushort, ushort>((bin, youngest, width) =>
        {
            int b = bin % DelayBins.Count;
            double from = youngest, to = youngest + width % 4000 + 0.5, sum = 0;
            for (int i = 0; i < 2000; i++)
            {
                double age = from + (to - from) * (i + 0.5) / 2000;
                sum += b == 0 ? 1 : Math.Clamp((age - DelayBins.Start(b)) / (DelayBins.End(b) - DelayBins.Start(b)), 0, 1);
            }

            Assert.Equal(sum / 2000, DelayBins.Passed(b, from, to), MidpointError(2000));
        }).Check(Checks.Config);

    [Fact]
    public void The_mean_share_arrived_is_the_mean_of_the_curve()
    {
        var curve = new DelayCurve();
        curve.Set(Campaign(20, 300, 0.7, 8 * Hour), DelayPrior.Display);
        Prop.ForAll<ushort, ushort>((youngest, width) =>
        {
            double from = youngest * 0.9, to = from + width * 0.3 + 0.01, sum = 0;
            for (int i = 0; i < 4000; i++) sum += curve.ArrivedBy(from + (to - from) * (i + 0.5) / 4000);
            Assert.Equal(sum / 4000, curve.MeanArrived(from, to), MidpointError(4000));
        }).Check(Checks.Config);
        Assert.Equal((0, 1), (curve.ArrivedBy(0), curve.ArrivedBy(31 * Day)));
        for (double age = 0.5; age < 50_000; age *= 1.3) Assert.True(curve.ArrivedBy(age) <= curve.ArrivedBy(age * 1.3));
    }

    [Theory]
    [InlineData(0.5, 10)]
    [InlineData(1, 3 * Hour)]
    [InlineData(2, 24 * Hour)]
    [InlineData(1, 72 * Hour)]
    public void It_learns_the_delays_whatever_the_calibration(double calibration, double mean)
    {
        var curve = new DelayCurve();
        curve.Set(Campaign(45, 400, calibration, mean), DelayPrior.Display);
        foreach (double age in new[] { 5, Hour, 6 * Hour, Day, 3 * Day, 7 * Day, 14 * Day })
            Assert.Equal(1 - Math.Exp(-age / mean), curve.ArrivedBy(age), 0.05);
    }

    [Fact]
    public void Conversions_still_to_come_do_not_make_delays_look_short()
    {
        const double Mean = 24 * Hour;
        var seen = new int[DelayBins.Count];
        var curve = new DelayCurve();
        curve.Set(Campaign(3, 3000, 1, Mean, seen: seen), DelayPrior.Display);
        // Of ages that every bin's wins could reach: 512 minutes against 2048.
        double truth = (1 - Math.Exp(-512 / Mean)) / (1 - Math.Exp(-2048 / Mean));
        double naive = seen[..10].Sum() / (double)seen[..12].Sum();
        Assert.True(naive > 1.1 * truth, $"{naive} {truth}");
        Assert.Equal(truth, curve.ArrivedBy(512) / curve.ArrivedBy(2048), 0.03);
    }

    [Fact]
    public void The_prior_gives_way_to_evidence_little_by_little()
    {
        Assert.Equal(1, DelayPrior.Display.Shares.ToArray().Sum(), 12);
        var curve = new DelayCurve();
        curve.Set(DelayPrior.Display);
        Assert.Equal(0.35, curve.ArrivedBy(Hour), 0.03);
        Assert.Equal(0.5, curve.ArrivedBy(Day), 0.03);
        Assert.Equal(0.87, curve.ArrivedBy(14 * Day), 0.05);
        // Conversions within the hour, as many as were predicted, of wins that are all weeks old.
        double Share(int conversions)
        {
            var evidence = default(DelayEvidence);
            evidence.Add(5 * TimeSpan.TicksPerMinute, conversions);
            evidence.Add(30 * TimeSpan.TicksPerMinute, conversions);
            double[] exposed = [.. Enumerable.Repeat(2.0 * conversions, DelayBins.Count)];
            evidence.Fold(exposed, 1);
            var learned = new DelayCurve();
            learned.Set(evidence, DelayPrior.Display);
            return learned.ArrivedBy(Hour);
        }

        Assert.InRange(Share(1), 0.38, 0.6);
        Assert.InRange(Share(5), 0.6, 0.85);
        Assert.InRange(Share(1000), 0.97, 1);
    }

    [Fact]
    public void Without_evidence_or_without_wins_to_set_it_against_the_prior_holds()
    {
        var shares = new double[DelayBins.Count];
        default(DelayEvidence).Shares(DelayPrior.Display, true, shares);
        Assert.Equal(DelayPrior.Display.Shares.ToArray(), shares);
        var evidence = default(DelayEvidence);
        evidence.Add(0, 50);
        evidence.Fold(new double[DelayBins.Count], 1);
        evidence.Shares(DelayPrior.Display, true, shares);
        Assert.Equal(DelayPrior.Display.Shares.ToArray(), shares);
    }

    [Fact]
    public void A_campaign_free_of_delays_counts_at_once_to_the_last_bit()
    {
        var curve = new DelayCurve();
        DelayEvidence fast = Campaign(3, 30, 1, 0.05);
        curve.Set(fast, DelayPrior.Display);
        Assert.True(curve.IsAtOnce);
        Assert.Equal((1.0, 1.0), (curve.ArrivedBy(0.001), curve.MeanArrived(0, 3)));
        curve.Set(DelayPrior.AtOnce);
        Assert.True(curve.IsAtOnce);
        curve.Set(Campaign(3, 30, 1, 0.05), DelayPrior.AtOnce);
        Assert.True(curve.IsAtOnce);
        // A handful proves nothing, a single delayed one disproves it.
        curve.Set(Campaign(1, 3, 1, 0.05), DelayPrior.Display);
        Assert.False(curve.IsAtOnce);
        fast.Add(TimeSpan.TicksPerHour, 1);
        fast.Fold(new double[DelayBins.Count], 1);
        curve.Set(fast, DelayPrior.Display);
        Assert.False(curve.IsAtOnce);
        Assert.InRange(curve.ArrivedBy(1), 0.85, 0.999);
    }

    [Fact]
    public void Conversions_without_click_time_count_at_once_and_say_nothing_of_the_others()
    {
        var curve = new DelayCurve();
        var evidence = default(DelayEvidence);
        evidence.AddUntimed(1);
        curve.Set(evidence, DelayPrior.Display);
        Assert.True(curve.IsAtOnce);
        DelayEvidence slow = Campaign(40, 100, 1, 24 * Hour), mixed = slow;
        mixed.AddUntimed((int)mixed.Conversions);
        var timed = new DelayCurve();
        timed.Set(slow, DelayPrior.Display);
        curve.Set(mixed, DelayPrior.Display);
        foreach (double age in new[] { 10, Hour, Day }) Assert.Equal(0.5 + timed.ArrivedBy(age) / 2, curve.ArrivedBy(age), 3);
    }

    [Fact]
    public void Old_habits_are_forgotten_over_weeks()
    {
        DelayEvidence evidence = Campaign(60, 100, 1, 48 * Hour);
        double before = evidence.Conversions;
        evidence.Fold(new double[DelayBins.Count], 14);
        Assert.Equal(before / 2, evidence.Conversions, before * 1e-5);
        // Retractions of what has faded leave no negative count behind.
        evidence.Add(TimeSpan.FromHours(3).Ticks, -1_000_000);
        evidence.Fold(new double[DelayBins.Count], 1);
        Assert.True(evidence.Conversions >= 0);
    }

    [Fact]
    public void The_state_of_a_campaign_is_small_and_holds_no_reference()
    {
        Assert.True(Unsafe.SizeOf<DelayEvidence>() <= 300, $"{Unsafe.SizeOf<DelayEvidence>()}");
        Assert.False(RuntimeHelpers.IsReferenceOrContainsReferences<DelayEvidence>());
    }

    [Fact]
    public void A_prior_that_does_not_ascend_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new DelayPrior(10, (TimeSpan.FromHours(2), 0.5), (TimeSpan.FromHours(1), 0.6)));
        Assert.Throws<ArgumentException>(() => new DelayPrior(10, (TimeSpan.FromHours(1), 0.5), (TimeSpan.FromHours(2), 0.4)));
        Assert.Throws<ArgumentException>(() => new DelayPrior(10, (TimeSpan.FromHours(1), 1.5)));
        Assert.Throws<ArgumentException>(() => new DelayPrior(10, (TimeSpan.FromDays(31), 1)));
        Assert.Throws<ArgumentException>(() => new DelayPrior(0, (TimeSpan.FromHours(1), 0.5)));
    }

    /// <summary>How far the mean of a rising function over n midpoints can be from its mean: half a step of its rise, here at most 1.</summary>
    private static double MidpointError(int points) => 0.5 / points + 1e-9;
}
