using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Simple;

namespace AutoBid.Policies.Mpc;

/// <summary>
/// Receding-horizon control on response curves (policies.md section 2, item 2): forecasts the rest of the day and takes the multiplier that
/// maximises the projected score (SpendFirst), keeps budget and target (TargetFirst, min-pacing), or buys most (MaxConversions).
/// Safe on any number of threads.
/// </summary>
public sealed class MpcPolicy(MpcOptions options, string name = "mpc") : IBidPolicy
{
    /// <summary>Items between two looks at the clock: about 0.3 ms.</summary>
    private const int ItemsPerDeadlineCheck = 64;

    [ThreadStatic]
    private static DayForecast? _scratch;

    public MpcPolicy()
        : this(new MpcOptions())
    {
    }

    /// <summary>The published baseline: recent curves to the end of the day.</summary>
    public static MpcPolicy Recent { get; } = new(new MpcOptions { RecentCurvesOnly = true }, "mpc-recent");

    /// <summary>Budget and target kept in both modes, with the prior.</summary>
    public static MpcPolicy MinPacing { get; } = new(new MpcOptions { AlwaysMinPacing = true }, "min-pacing");

    /// <summary>Budget and target kept in both modes, on recent curves.</summary>
    public static MpcPolicy RecentMinPacing { get; } = new(new MpcOptions { AlwaysMinPacing = true, RecentCurvesOnly = true }, "min-pacing-recent");

    public string Name => name;

    public string Model => name;

    public bool IsThreadSafe => true;

    public PolicyCadence Cadence => PolicyCadence.EveryTick;

    public bool DecidesFromPrior => !options.RecentCurvesOnly;

    /// <summary>Forecast buffers of the calling thread.</summary>
    internal static DayForecast Scratch => _scratch ??= new DayForecast();

    public void Decide(ReadOnlySpan<PolicyInput> inputs, Span<PolicyDecision> decisions, in DecisionScope scope)
    {
        decisions[..inputs.Length].Clear();
        DayForecast scratch = Scratch;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (i % ItemsPerDeadlineCheck == 0 && scope.IsLate) return;
            ref readonly PolicyInput input = ref inputs[i];
            // The published baseline knows no cold start: it extrapolates from the first curve on.
            if (options.RecentCurvesOnly ? input.Trajectory.Closed == 0 : ColdStart.Applies(input))
            {
                decisions[i] = ColdStart.Decide(input);
                continue;
            }

            ForecastInput forecast = input.Forecast with { RecentCurvesOnly = options.RecentCurvesOnly, FollowsPriceLevel = options.FollowsPriceLevel };
            decisions[i] = TryPlan(input, forecast, scratch, options.AlwaysMinPacing, out double multiplier)
                ? new PolicyDecision { Multiplier = multiplier, IsDecided = double.IsFinite(multiplier) }
                : ColdStart.Decide(input);
        }
    }

    /// <summary>
    /// MPC's multiplier on the plain forecast, inside the campaign's range; false when nothing can be projected. Overwrites <paramref name="scratch"/>.
    /// Models are trained as residuals to it, on features of the same forecast: it does not follow the price level, whatever the policy does.
    /// </summary>
    public static bool TryPlan(in PolicyInput input, DayForecast scratch, out double multiplier) => TryPlan(input, input.Forecast, scratch, false, out multiplier);

    internal static bool TryPlan(in PolicyInput input, in ForecastInput forecast, DayForecast scratch, out double multiplier)
        => TryPlan(input, forecast, scratch, false, out multiplier);

    private static bool TryPlan(in PolicyInput input, in ForecastInput forecast, DayForecast scratch, bool minPacing, out double multiplier)
    {
        scratch.Build(forecast);
        multiplier = 0;
        if (!scratch.IsKnown) return false;
        multiplier = input.HasTarget && (minPacing || input.Mode == PacingMode.TargetFirst) ? PacingRules.MinPacing(scratch)
            : minPacing ? PacingRules.SpendBudget(scratch)
            : PacingRules.BestScore(scratch, input.HasTarget);
        multiplier = Math.Clamp(multiplier, input.MinMultiplier, input.MaxMultiplier);
        return true;
    }
}
