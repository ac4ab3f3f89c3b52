using AutoBid.Core.Features;
using AutoBid.Core.Response;
using AutoBid.Core.Trajectories;

namespace AutoBid.Core.Tests.Features;

/// <summary>A campaign's day that can be changed in every way: its past too, as a caller of stateless decisions may.</summary>
internal sealed class KeyedDay
{
    private readonly List<(float[] Cost, float[] Value)?> _curves = [];

    public double Budget { get; set; } = 2000;

    public double Reference { get; set; } = 100;

    public PopulationPrior? Prior { get; set; } = PriorOf(8, 0.002);

    public ulong ClosedSteps { get; set; }

    public bool TargetFirst { get; set; } = true;

    public bool HasTarget { get; set; } = true;

    public bool ValueIsRevenue { get; set; }

    public List<StepRow> Closed { get; } = [];

    public StepRow Open { get; set; }

    public double CurrentImpressions { get; set; }

    public double CurrentMeanValue { get; set; }

    private int CurvesKept { get; set; } = TrajectoryStore.DefaultCurvesKept;

    /// <summary>Always the same, with all curves and nothing known of the running step.</summary>
    public static KeyedDay Plain(int closed)
    {
        var day = new KeyedDay();
        for (int s = 0; s < closed; s++) day.Close(new Random(100 + s), mayBeOdd: false);
        return day;
    }

    public static KeyedDay At(Random random)
    {
        var day = new KeyedDay { CurvesKept = random.Next(3) switch { 0 => 48, 1 => 6, _ => TrajectoryStore.DefaultCurvesKept } };
        if (random.Next(4) == 0) day.Prior = random.Next(2) == 0 ? null : PriorOf(0, 0.002);
        day.ValueIsRevenue = random.Next(4) == 0;
        for (int s = random.Next(48); s > 0; s--) day.Close(random);
        if (random.Next(2) == 0) day.Run(random);
        if (random.Next(3) == 0) day.Foresee(random);
        return day;
    }

    public static PopulationPrior PriorOf(int regimeSteps, double meanValue)
        => new([5, 20, 60, 200], [0.001, 0.01, 0.04, 0.1], [0.0001, 0.0006, 0.001, 0.0018], meanValue, reference: 90, opportunitiesPerDay: 48_000, regimeSteps: regimeSteps);

    /// <summary>A step of the market; now and then without a curve, without bids, or with points that are not known.</summary>
    public void Close(Random random, bool mayBeOdd = true)
    {
        bool odd = mayBeOdd && random.Next(6) == 0;
        float impressions = odd && random.Next(2) == 0 ? 0 : random.Next(200, 2000), multiplier = odd ? 0 : (float)(0.05 + 3 * random.NextDouble());
        float level = (float)(0.001 + 0.002 * random.NextDouble());
        Closed.Add(new StepRow
        {
            Impressions = impressions,
            SumValue = impressions * level,
            SumBid = impressions * level * 50,
            Multiplier = multiplier,
            MeanLeastWinningCost = (float)random.NextDouble(),
            Signals = impressions,
            Wins = impressions / 10,
            Cost = 60 * (float)random.NextDouble(),
            Conversions = random.Next(3),
            ConversionValue = random.Next(30),
            ValueWon = (float)random.NextDouble(),
            LateCost = odd ? 3 : 0,
            Elapsed = 1,
        });
        (float[] Cost, float[] Value) curve = (new float[ResponseGrid.Points], new float[ResponseGrid.Points]);
        for (int k = 0; k < ResponseGrid.Points; k++)
        {
            bool unknown = odd && k < 2;
            curve.Cost[k] = unknown ? float.NaN : (float)(0.0001 * k * k * (0.8 + 0.4 * random.NextDouble()));
            curve.Value[k] = unknown ? float.NaN : (float)(0.004 * k * (0.8 + 0.4 * random.NextDouble()));
        }

        _curves.Add(odd && random.Next(2) == 0 ? null : curve);
        Open = default;
    }

    /// <summary>One change, or none.</summary>
    public void Change(Random random)
    {
        int old = Closed.Count == 0 ? -1 : random.Next(Closed.Count);
        switch (random.Next(16))
        {
            case 0 or 1 or 2 when Closed.Count < 47: Close(random); break;
            case 3 or 4: Run(random); break;
            case 5: Foresee(random); break;
            case 6: (CurrentImpressions, CurrentMeanValue) = (0, 0); break;
            case 7 when old >= 0: Closed[old] = Closed[old] with { LateCost = Closed[old].LateCost + 1 }; break;
            case 8 when old >= 0: Closed[old] = Closed[old] with { Multiplier = 0.7f, Impressions = 321 }; break;
            case 9 when old >= 0: _curves[old] = null; break;
            case 10 when old >= 0 && _curves[old] is { } curve: (curve.Cost[random.Next(24)], curve.Value[random.Next(24)]) = (0.05f, 0.03f); break;
            case 11: CurvesKept = random.Next(2, 49); break;
            case 12: Prior = Prior is { RegimeSteps: > 0 } ? PriorOf(random.Next(0, 25), 0.002) : PriorOf(8, 0.002); break;
            case 13: ClosedSteps ^= 1UL << random.Next(48); break;
            case 14: Open = Open with { Multiplier = 2, Wins = 7, MeanLeastWinningCost = 0.3f, Conversions = 1 }; break;
            default: Budget *= random.Next(3) == 0 ? 1.1 : 1; break;
        }
    }

    /// <summary>The day as it stands, in a store of its own.</summary>
    public (FeatureInput Input, bool KnowsStep) Input()
    {
        var store = new TrajectoryStore(CurvesKept);
        int block = store.Rent();
        for (int s = 0; s < Closed.Count; s++)
        {
            if (_curves[s] is { } curve) store.Close(block, Closed[s], curve.Cost, curve.Value);
            else store.Close(block, Closed[s]);
        }

        store.SetOpen(block, Open);
        var forecast = new ForecastInput
        {
            Trajectory = store.View(block),
            Budget = Budget,
            Reference = Reference,
            ValueIsRevenue = ValueIsRevenue,
            Prior = Prior,
            ClosedSteps = ClosedSteps,
            CurrentImpressions = CurrentImpressions,
            CurrentMeanValue = CurrentMeanValue,
        };
        return (new FeatureInput { Forecast = forecast, TargetFirst = TargetFirst, HasTarget = HasTarget }, CurrentImpressions > 0 && CurrentMeanValue > 0);
    }

    private void Run(Random random)
        => Open = new StepRow
        {
            Elapsed = random.Next(3) == 0 ? 0 : (float)random.NextDouble(),
            Cost = random.Next(2) * (float)random.NextDouble(),
            LateCost = random.Next(2) * (float)random.NextDouble(),
            ValueWon = random.Next(2) * (float)random.NextDouble(),
            Impressions = random.Next(3) * 50,
            SumValue = random.Next(3) * 0.1f,
            Multiplier = (float)random.NextDouble(),
            Wins = random.Next(9),
        };

    private void Foresee(Random random)
    {
        // Sometimes exactly what an earlier step turned out to be: a caller whose forecast held.
        (CurrentImpressions, CurrentMeanValue) = Closed.Count > 0 && random.Next(2) == 0 ? ((double)Closed[^1].Impressions, (double)Closed[^1].MeanValue) : ((double)random.Next(1, 2000), 0.003 * random.NextDouble());
    }
}
