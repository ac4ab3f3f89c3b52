using System.Globalization;
using AutoBid.Simulator.Evaluation.Analysis;

namespace AutoBid.Simulator.Reports;

/// <summary>What a day at a constant multiplier costs and brings a mean seat, a curve per budget; multiplier on a log axis.</summary>
internal static class ResponseChart
{
    private const double Width = 460, Height = 250, Left = 52, Right = 400, Top = 12, Bottom = 222;

    private static readonly double[] Ticks = [0.1, 0.2, 0.5, 1, 2, 4];

    public static string Cost(ReportView view) => Draw(view, "Mean cost of a day by multiplier", response => response.Cost, cost => cost.ToString("#,##0.##", CultureInfo.InvariantCulture));

    public static string Value(ReportView view) => Draw(view, "Mean expected conversions of a day by multiplier", response => response.Value, value => value.ToString("0.##", CultureInfo.InvariantCulture));

    private static string Draw(ReportView view, string label, Func<MeanResponse, IReadOnlyList<double>> figure, Func<double, string> text)
    {
        double highest = view.Responses.Max(r => figure(r).Max());
        var svg = new Svg(Width, Height, label);
        var plot = new Plot(
            svg, Axis.Logarithmic(view.ResponseMultipliers[0], view.ResponseMultipliers[^1], Left, Right), Axis.Linear(0, Axis.Widen(0, highest, 5).High, Bottom, Top), Left, Right, Top, Bottom);
        plot.Up(plot.Y.Ticks(5), text).Across(Ticks, tick => tick.ToString("0.##", CultureInfo.InvariantCulture));
        for (int i = 0; i < view.Responses.Count; i++)
        {
            MeanResponse response = view.Responses[i];
            int best = Enumerable.Range(0, figure(response).Count).MaxBy(p => figure(response)[p]);
            string title = $"{ReportText.Budget(response.BudgetFactor)} budget: at most {text(figure(response)[best])}, at multiplier {view.ResponseMultipliers[best].ToString("0.00", CultureInfo.InvariantCulture)}";
            plot.Curve(view.ResponseMultipliers, figure(response), $"curve {Shade(i, view.Responses.Count)}", title);
        }

        plot.Names(view.Responses.Select((r, i) => (figure(r)[^1], ReportText.Budget(r.BudgetFactor), Shade(i, view.Responses.Count))));
        return svg.ToString();
    }

    // Budgets are ordered: one hue, light to dark.
    private static string Shade(int index, int count) => $"b{(count == 1 ? 4 : (int)Math.Round(4.0 * index / (count - 1)))}";
}
