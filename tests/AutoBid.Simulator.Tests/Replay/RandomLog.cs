using AutoBid.Simulator.Random;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

/// <summary>Made-up logs: values and prices spread over two orders of magnitude, money in 64ths so that sums
/// are exact whatever their order and budgets are sometimes met exactly, free and worthless opportunities.</summary>
internal static class RandomLog
{
    public static List<ReplayRow> Rows(ulong seed, int period, int advertisers, int perStep, Func<int, bool>? hasStep = null)
    {
        var rows = new List<ReplayRow>();
        for (int advertiser = 0; advertiser < advertisers; advertiser++)
        {
            var shape = new StepDraws(seed, period, 0).Stream(advertiser, DrawPurpose.LineUp);
            double budget = Math.Ceiling(64 * Math.Exp(shape.Uniform(0, -1, 4))) / 64, target = 1 + Math.Floor(20 * shape.Uniform(1));
            int opportunity = 0;
            for (int step = 0; step < 48; step++)
            {
                if (hasStep?.Invoke(step) == false) continue;
                var draw = new StepDraws(seed, period, step).Stream(advertiser, DrawPurpose.Value);
                for (int i = 0; i < perStep; i++)
                {
                    double value = draw.Uniform(4 * i) < 0.05 ? 0 : Math.Min(0.02 * Math.Exp(draw.Normal(4 * i + 1)), 1);
                    double price = draw.Uniform(4 * i + 2) < 0.05 ? 0 : Math.Round(6 * Math.Exp(draw.Normal(4 * i + 3))) / 64;
                    rows.Add(new ReplayRow
                    {
                        Period = period,
                        Advertiser = advertiser,
                        Step = step,
                        Opportunity = opportunity++,
                        Value = value,
                        Sigma = value * 0.2,
                        Price = price,
                        Outcome = ReplayRow.Drawn,
                        Budget = budget,
                        Target = target,
                    });
                }
            }
        }

        return rows;
    }

    /// <summary>Steps of all advertisers in turn, the rows of a step in an order of their own.</summary>
    public static List<ReplayRow> Interleaved(IEnumerable<ReplayRow> rows, ulong seed)
    {
        var order = new StepDraws(seed, 0, 0).Stream(0, DrawPurpose.SeatPermutation);
        return [.. rows.Select((row, i) => (row, i)).OrderBy(r => r.row.Period).ThenBy(r => r.row.Step).ThenBy(r => order.Bits(r.i)).Select(r => r.row)];
    }
}
