using System.Text.Json;
using AutoBid.Core.Bidding;
using AutoBid.Core.Guarding;
using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.OpenRtb.Reading;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Server.Http;
using AutoBid.Server.Metrics;

namespace AutoBid.Server.Decisions;

/// <summary><c>POST /v1/decisions</c>: stateless decisions for DSPs with their own state and for adapters to other simulators.</summary>
/// <param name="chain">Makes the chain that one batch at a time decides with.</param>
public sealed class DecisionsEndpoint(
    PolicyCatalog policies, Func<DecisionChain> chain, Guard guard, EngineClocks clocks, ServerMetrics metrics, PopulationPrior? prior)
{
    public const int BodyLimit = 16 * 1024 * 1024;
    public const int MostItems = 1024;

    private const double LongestDeadlineMs = 1000;

    private readonly SlotPool<DecisionWork> _pool = new(() => new DecisionWork(chain()), 8);

    public async Task<IResult> HandleAsync(HttpContext http)
    {
        long started = clocks.Monotonic.GetTimestamp();
        (PooledBody body, int status) = await PooledBody.ReadAsync(http.Request, BodyLimit, http.RequestAborted).ConfigureAwait(false);
        using (body)
        {
            if (status != 0) return Problems.OfBody(status, BodyLimit);
            DecisionWork work = _pool.Rent();
            try
            {
                using JsonDocument document = JsonDocument.Parse(body.Memory, new JsonDocumentOptions { MaxDepth = JsonBody.Depth });
                if (!document.RootElement.TryGetArray("requests", out JsonElement items))
                    return Problems.Of(StatusCodes.Status400BadRequest, "requests: an array is required.");
                if (items.GetArrayLength() > MostItems) return Problems.Of(StatusCodes.Status400BadRequest, $"requests: at most {MostItems} items.");
                return Results.Json(new { decisions = Decide(work, items, started) });
            }
            catch (JsonException e)
            {
                return Problems.Of(StatusCodes.Status400BadRequest, $"The body is not JSON: {e.Message}");
            }
            finally
            {
                work.Clear();
                _pool.Return(work);
                metrics.RecordDecisions(clocks.Monotonic.GetElapsedTime(started));
            }
        }
    }

    private object[] Decide(DecisionWork work, JsonElement items, long started)
    {
        var answers = new object[items.GetArrayLength()];
        var places = new List<int>(answers.Length);
        double deadline = LongestDeadlineMs;
        for (int i = 0; i < answers.Length; i++)
        {
            string? problem = Read(work, items[i], out DecisionItem? item, out ChainItem input);
            if (problem is not null)
            {
                answers[i] = new { id = item?.Id ?? items[i].TextOf("id"), error = problem };
                continue;
            }

            work.Items.Add(input);
            places.Add(i);
            double wanted = item!.DeadlineMs is > 0 and var ms ? Math.Min(ms, LongestDeadlineMs) : ModelRegistryOptions.DecisionDeadlineMs;
            deadline = Math.Min(deadline, wanted);
        }

        // One batch, one deadline: the earliest of its items.
        DecisionScope scope = clocks.Deterministic
            ? DecisionScope.Unbounded(clocks.Monotonic)
            : new DecisionScope(clocks.Monotonic, started + (long)(deadline / 1000 * clocks.Monotonic.TimestampFrequency), 0);
        ReadOnlySpan<ChainItem> asked = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(work.Items);
        var decided = new ChainDecision[asked.Length];
        long before = clocks.Monotonic.GetTimestamp();
        work.Chain.Decide(asked, decided, scope);
        double latency = asked.Length == 0 ? 0 : clocks.Monotonic.GetElapsedTime(before).TotalMilliseconds;
        for (int i = 0; i < decided.Length; i++) answers[places[i]] = Answer(work, asked[i], decided[i], latency);
        return answers;
    }

    private string? Read(DecisionWork work, JsonElement element, out DecisionItem? item, out ChainItem input)
    {
        input = default;
        item = null;
        try
        {
            item = element.Deserialize<DecisionItem>(JsonBody.Options);
        }
        catch (JsonException e)
        {
            return $"{e.Path ?? "request"}: {e.Message}";
        }

        if (item is null) return "an object is required";
        if (DecisionInputs.TryBuild(item, prior, work.Store, work.Rent(), out PolicyInput policyInput) is { } problem) return problem;
        if (!policies.IsKnown(item.Campaign!.Policy)) return $"campaign.policy: one of {string.Join(", ", policies.Names)}";
        input = new ChainItem
        {
            Input = policyInput,
            Policy = item.Campaign.Policy,
            LastAgeTicks = policyInput.LastMultiplier > 0 ? 1 : int.MaxValue,
            SafeMultiplier = SafeMultiplier.Of(policyInput.Trajectory.Rows, policyInput.AccountConstant),
        };
        return null;
    }

    private object Answer(DecisionWork work, in ChainItem item, in ChainDecision decision, double latencyMs)
    {
        PolicyInput input = item.Input;
        TrajectoryView day = input.Trajectory;
        work.Forecast.Build(input.Forecast);
        double expected = 0, conversions = 0, conversionValue = 0;
        foreach (ref readonly StepRow row in day.Rows)
        {
            expected += row.ValueWon;
            conversions += row.Conversions;
            conversionValue += row.ConversionValue;
        }

        GuardResult result = guard.Apply(new GuardInput
        {
            Raw = decision.Multiplier,
            Last = input.LastMultiplier,
            Safe = item.SafeMultiplier,
            MinMultiplier = input.MinMultiplier,
            MaxMultiplier = input.MaxMultiplier,
            Objective = input.Objective,
            Mode = input.Mode,
            Budget = input.Budget,
            Spent = work.Forecast.Spent,
            StepSpent = day.Open.Cost,
            StepElapsed = day.Open.Elapsed,
            StepsLeft = StepClock.StepsPerDay - day.Closed,
            ExpectedValue = expected,
            RealisedConversions = conversions,
            RealisedValue = conversionValue,
            Forecast = work.Forecast.IsKnown ? work.Forecast : null,
            IsColdStart = decision.IsColdStart,
        });
        return new
        {
            id = input.CampaignId,
            multiplier = result.Multiplier,
            bidPerValue = result.Multiplier * input.Reference,
            rawMultiplier = double.IsFinite(decision.Multiplier) ? decision.Multiplier : (double?)null,
            policy = decision.Policy,
            model = decision.Model,
            fallback = decision.Step is { } step ? new { step = FallbackNames.Of(step), reason = FallbackNames.Of(decision.Reason!.Value) } : null,
            reasons = GuardReasonNames.List(result.Reasons),
            plan = decision.Plan is { } own ? PlanOf(own, input, work.Forecast) : work.Forecast.IsKnown ? PlanOf(work.Forecast, input, result.Multiplier) : null,
            latencyMs,
        };
    }

    /// <summary>The policy's own plan in the form of the projection, with what its return model expects of it.</summary>
    private static object PlanOf(DayPlan plan, in PolicyInput input, DayForecast forecast)
    {
        double left = 1 - forecast.Spent / input.Budget, toGo = plan.Value.Sum();
        var budgetLeft = new double[plan.Spend.Count];
        var returnToGo = new double[plan.Spend.Count];
        for (int k = 0; k < budgetLeft.Length; k++)
        {
            budgetLeft[k] = Math.Round(left -= plan.Spend[k], 4);
            returnToGo[k] = Math.Round(Math.Max(toGo -= plan.Value[k], 0), 4);
        }

        return new { budgetLeft, returnToGo, promise = double.IsFinite(plan.Promise) ? Math.Round(plan.Promise, 4) : (double?)null };
    }

    /// <summary>The projected path at the multiplier: share of the budget left, and value x reference still to come per budget, at the end of each step.</summary>
    private static object? PlanOf(DayForecast forecast, in PolicyInput input, double multiplier)
    {
        int first = input.Trajectory.Closed, steps = StepClock.StepsPerDay - first;
        double cost = Math.Min(forecast.CostAt(multiplier), forecast.Left), value = forecast.ValueAt(multiplier);
        // JSON has no word for them, and one item must not cost the others their answers.
        if (!double.IsFinite(cost / input.Budget) || !double.IsFinite(value / input.Budget)) return null;
        double total = 0;
        for (int s = first; s < StepClock.StepsPerDay; s++) total += ShareOf(input.Prior, s);
        var left = new double[steps];
        var toGo = new double[steps];
        double passed = 0;
        for (int k = 0; k < steps; k++)
        {
            passed += ShareOf(input.Prior, first + k) / total;
            left[k] = Math.Round((forecast.Left - cost * passed) / input.Budget, 4);
            toGo[k] = Math.Round(value * Math.Max(1 - passed, 0) / input.Budget, 4);
        }

        return new { budgetLeft = left, returnToGo = toGo };
    }

    // A floor keeps a step without traffic in the prior from dividing by zero.
    private static double ShareOf(PopulationPrior? prior, int step) => (prior?.Shape[step] ?? 1.0 / StepClock.StepsPerDay) + 1e-12;
}
