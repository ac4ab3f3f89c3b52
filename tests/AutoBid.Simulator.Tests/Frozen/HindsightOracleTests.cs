using AutoBid.Core.Campaigns;
using AutoBid.Core.Time;
using AutoBid.Simulator.Curves;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Tests.Frozen;

public sealed class HindsightOracleTests
{
    [Fact]
    public void A_day_that_goes_on_without_traffic_after_the_budget_is_gone_has_a_number_as_its_best()
    {
        // Costs whose sum rounds to a hair above the budget; then steps that cost nothing, where 0 of less than nothing is not a number.
        var day = new FrozenDay();
        var curve = new StepCurve(FrozenDay.Points);
        for (int step = 0; step < StepClock.StepsPerDay / 2; step++)
        {
            for (int i = 0; i < FrozenDay.Points; i++)
            {
                curve.Cost[i] = 0.1 * (i + 1) / 3;
                curve.Value[i] = 0.001 * (i + 1);
            }

            day.Set(step, curve);
        }

        for (int budget = 1; budget <= 40; budget++)
        {
            OracleResult best = HindsightOracle.BestConstant(day, new Seat(budget * 0.7, 100), PacingMode.SpendFirst);
            Assert.True(double.IsFinite(best.Score) && best.Score > 0, $"budget {budget}: {best}");
            Assert.True(best.Cost <= budget * 0.7 * (1 + 1e-9), $"budget {budget}: {best}");
        }
    }
}
