using AutoBid.Core.Time;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>Figures against the hour of the day.</summary>
internal static class DayChart
{
    private const double Width = 340, Height = 210, Left = 38, Right = 254, Top = 10, Bottom = 184;

    // A step's figure is known at its end.
    private static readonly double[] Ends = [.. Enumerable.Range(1, StepClock.StepsPerDay).Select(step => 24.0 * step / StepClock.StepsPerDay)];
    private static readonly double[] Starts = [.. Enumerable.Range(0, StepClock.StepsPerDay).Select(step => 24.0 * step / StepClock.StepsPerDay)];
    private static readonly double[] Hours = [0, 6, 12, 18, 24];

    /// <summary>Spend so far of every policy at one budget, against the share of the day's traffic that has passed.</summary>
    public static string Spend(ReportView view, ScoreGroup group)
    {
        PolicyDay[] days = [.. view.Policies.Select(policy => view.DayOf(policy, group.BudgetFactor))];
        Plot plot = Frame($"Spend against time at {ReportText.Budget(group.BudgetFactor)} budget", Axis.Linear(0, 1, Bottom, Top));
        plot.Up([0, 0.25, 0.5, 0.75, 1], tick => ReportText.Percent(tick).Replace(".0", "", StringComparison.Ordinal));
        plot.Curve([0, .. Ends], [0, .. view.Volume], "ideal", "Share of the day's opportunities so far: spend in step with the traffic");
        foreach (PolicyDay day in days)
            plot.Curve([0, .. Ends], [0, .. day.SpendShare], $"curve {view.StyleOf(day.Policy)}", $"{day.Policy}: {ReportText.Percent(day.SpendShare[^1])} % of the budget spent by the end");
        plot.Names(days.Select(day => (day.SpendShare[^1], $"{day.Policy}", view.StyleOf(day.Policy))));
        return plot.Svg.ToString();
    }

    /// <summary>Multipliers of one policy: the band over the seats at the central budget, and the medians at the others.</summary>
    public static string Multipliers(ReportView view, string policy, (double Low, double High) range)
    {
        double central = view.Central.BudgetFactor;
        string style = view.StyleOf(policy);
        PolicyDay day = view.DayOf(policy, central);
        Plot plot = Frame($"Multipliers of {policy}", Axis.Logarithmic(range.Low, range.High, Bottom, Top));
        plot.Up(plot.Y.Ticks(5), tick => tick.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture));
        plot.Curve([0, 24], [1, 1], "ideal", "Multiplier 1: the target itself");
        plot.Band(Starts, day.MultiplierP10, day.MultiplierP90, $"band {style}", $"{policy} at {ReportText.Budget(central)} budget: 10th to 90th percentile of the seats");
        foreach (ScoreGroup group in view.Groups.Where(g => g.BudgetFactor != central))
            plot.Curve(Starts, view.DayOf(policy, group.BudgetFactor).MultiplierP50, $"faint {style}", $"{policy} at {ReportText.Budget(group.BudgetFactor)} budget: median");
        plot.Curve(Starts, day.MultiplierP50, $"curve {style}", $"{policy} at {ReportText.Budget(central)} budget: median of the seats");
        plot.Names(BudgetNames(view, policy, style, plot.Y));
        return plot.Svg.ToString();
    }

    // The central budget and the outermost ones; one name where the medians end together.
    private static IEnumerable<(double, string, string)> BudgetNames(ReportView view, string policy, string style, Axis y)
    {
        (double End, ScoreGroup Group)[] ends = [.. view.Groups.Select(g => (view.DayOf(policy, g.BudgetFactor).MultiplierP50[^1], g))];
        if (ends.Length > 1 && ends.Max(e => y.At(e.End)) - ends.Min(e => y.At(e.End)) < 4) return [(ends[0].End, "all budgets", style)];
        return ends.Where(e => e.Group == view.Central || e.Group == view.Groups[0] || e.Group == view.Groups[^1])
            .Select(e => (e.End, ReportText.Budget(e.Group.BudgetFactor), e.Group == view.Central ? style : "quiet"));
    }

    /// <summary>A range that holds the bands of all policies.</summary>
    public static (double Low, double High) MultiplierRange(ReportView view)
    {
        IEnumerable<PolicyDay> days = view.Days;
        double low = Math.Min(days.Min(d => d.MultiplierP10.Min()), 0.9), high = Math.Max(days.Max(d => d.MultiplierP90.Max()), 1.1);
        return (Math.Max(low, 0.01) / 1.05, high * 1.05);
    }

    private static Plot Frame(string label, Axis y)
    {
        var plot = new Plot(new Svg(Width, Height, label), Axis.Linear(0, 24, Left, Right), y, Left, Right, Top, Bottom);
        return plot.Across(Hours, hour => $"{Svg.Number(hour)} h");
    }
}
