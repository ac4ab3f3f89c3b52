using System.Numerics;
using System.Runtime.InteropServices;
using AutoBid.Core.Time;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Threads;

namespace AutoBid.Simulator.Traffic;

/// <summary>
/// One period of the <c>auctionnet</c> preset (auction.md, Traffic): volumes, value levels, spreads and prediction noise. Everything is a pure function
/// of (seed, period, options); steps can be generated in any order and more than once.
/// </summary>
public sealed class AuctionNetTraffic
{
    /// <summary>Steps after which the preset draws value levels again; a shift may say otherwise (<see cref="TrafficOptions.RegimeSteps"/>).</summary>
    public const int RegimeSteps = 8;

    /// <summary>Steps that share one volume factor.</summary>
    public const int VolumeWindow = 4;

    private readonly ulong _seed;
    private readonly int _period;
    private readonly TrafficOptions _options;
    private readonly int[] _volumes = new int[StepClock.StepsPerDay];
    private readonly float[] _means;
    private readonly float[] _spreads;
    private readonly PredictionNoise[] _noises;

    public AuctionNetTraffic(ulong seed, int period, TrafficOptions options)
    {
        options.Check();
        _seed = seed;
        _period = period;
        _options = options;
        _means = new float[StepClock.StepsPerDay * options.Advertisers];
        _spreads = new float[_means.Length];
        _noises = new PredictionNoise[options.Advertisers];
        DrawVolumes();
        DrawLevels();
    }

    public int Period => _period;

    public int Advertisers => _options.Advertisers;

    public TrafficOptions Options => _options;

    /// <summary>Opportunities of each of the 48 steps.</summary>
    public ReadOnlySpan<int> Volumes => _volumes;

    public int LargestVolume { get; private set; }

    /// <summary>Mean of the value distribution of one step and advertiser, before clipping to [0, 1].</summary>
    public float Mean(int step, int advertiser) => _means[step * Advertisers + advertiser];

    /// <summary>Standard deviation of the value distribution of one step and advertiser, before clipping.</summary>
    public float Spread(int step, int advertiser) => _spreads[step * Advertisers + advertiser];

    /// <summary>The draws of one purpose in one step, by opportunity.</summary>
    public RandomStream Stream(int step, int advertiser, DrawPurpose purpose) => RandomStream.For(_seed, _period, step, advertiser, purpose);

    /// <summary>Draws the values of one step: normal, clipped to [0, 1], independent over opportunities and advertisers.</summary>
    public void Generate(int step, TrafficStep destination)
    {
        Prepare(step, destination);
        for (int advertiser = 0; advertiser < Advertisers; advertiser++) GenerateRow(advertiser, destination);
    }

    /// <summary>Makes room for a step's values; <see cref="GenerateRow"/> then draws them, row by row on any thread.</summary>
    public void Prepare(int step, TrafficStep destination)
    {
        destination.Resize(step, Advertisers, _volumes[step], LargestVolume);
        if (_options.ValueCorrelation > 0) Stream(step, 0, DrawPurpose.CommonValue).FillNormals(destination.MutableCommon());
    }

    /// <summary>Draws one advertiser's values of a prepared step.</summary>
    /// <returns>Their mean; 0 without opportunities.</returns>
    public double GenerateRow(int advertiser, TrafficStep destination)
    {
        int step = destination.Step;
        Span<float> row = destination.MutableValues(advertiser);
        Stream(step, advertiser, DrawPurpose.Value).FillNormals(row);
        if (_options.ValueCorrelation > 0) Mix(row, destination.MutableCommon(), _options.ValueCorrelation);
        ScaleAndClip(row, Mean(step, advertiser), Spread(step, advertiser));
        return row.IsEmpty ? 0 : Sums.Of(row) / row.Length;
    }

    /// <summary>Prediction noise and hidden bias of one advertiser in this period.</summary>
    public PredictionNoise Noise(int advertiser) => _noises[advertiser];

    /// <summary>The log's pValueSigma.</summary>
    public double PredictionSigma(int step, int advertiser, int opportunity, float value)
        => value * _noises[advertiser].Relative(Stream(step, advertiser, DrawPurpose.Noise).SingleNormal(opportunity));

    /// <summary>The conversion probability nature uses for an exposed impression, in [0, 1].</summary>
    public double TrueValue(int step, int advertiser, int opportunity, float value)
    {
        double relative = _noises[advertiser].Relative(Stream(step, advertiser, DrawPurpose.Noise).SingleNormal(opportunity));
        return _noises[advertiser].TrueValue(value, relative, Stream(step, advertiser, DrawPurpose.ConversionValue).SingleUniform(opportunity));
    }

    // Standard normals of correlation rho with every other row mixed from the same common draws; still standard normal.
    private static void Mix(Span<float> row, ReadOnlySpan<float> common, double rho)
    {
        float shared = (float)Math.Sqrt(rho), own = (float)Math.Sqrt(1 - rho);
        for (int i = 0; i < row.Length; i++) row[i] = shared * common[i] + own * row[i];
    }

    private static void ScaleAndClip(Span<float> row, float mean, float spread)
    {
        int i = 0;
        ref float start = ref MemoryMarshal.GetReference(row);
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.LoadUnsafe(ref start, (nuint)i) * spread + new Vector<float>(mean);
            Vector.StoreUnsafe(Vector.MinNative(Vector.MaxNative(value, Vector<float>.Zero), Vector<float>.One), ref start, (nuint)i);
        }

        for (; i < row.Length; i++) row[i] = Math.Clamp(row[i] * spread + mean, 0f, 1f);
    }

    private void DrawVolumes()
    {
        ReadOnlySpan<double> shape = DayShape.AuctionNet;
        RandomStream factors = Stream(0, 0, DrawPurpose.Volume);
        Span<double> weights = stackalloc double[StepClock.StepsPerDay];
        double sum = 0;
        for (int step = 0; step < weights.Length; step++)
        {
            weights[step] = shape[step] * factors.Uniform(step / VolumeWindow, 0.6, 1.4);
            sum += weights[step];
        }

        for (int step = 0; step < weights.Length; step++) _volumes[step] = (int)(_options.OpportunitiesPerPeriod * weights[step] / sum);
        if (_options.SpikeProbability > 0) AddSpikes();
        LargestVolume = _volumes.Max();
    }

    private void AddSpikes()
    {
        RandomStream spikes = Stream(0, 0, DrawPurpose.TrafficSpike);
        for (int step = 0; step < _volumes.Length; step++)
        {
            int window = step / VolumeWindow;
            if (spikes.Uniform(2 * window) < _options.SpikeProbability) _volumes[step] = (int)(_volumes[step] * spikes.Uniform(2 * window + 1, 2, 3));
        }
    }

    private void DrawLevels()
    {
        for (int advertiser = 0; advertiser < Advertisers; advertiser++)
        {
            int category = AuctionNetSeats.CategoryOf(advertiser);
            bool leader = advertiser % AuctionNetSeats.PerCategory == 0;
            RandomStream ofCategory = Stream(0, category, DrawPurpose.CategoryLevel);
            RandomStream ofAdvertiser = Stream(0, advertiser, DrawPurpose.AdvertiserLevel);
            RandomStream spreadOfStep = Stream(0, advertiser, DrawPurpose.SpreadOfStep);
            double typicalSpread = ClipSpread(0.5 + 0.1 * Stream(0, advertiser, DrawPurpose.SpreadOfAdvertiser).Normal(0));
            _noises[advertiser] = PredictionNoise.For(_seed, _period, advertiser);
            for (int step = 0; step < StepClock.StepsPerDay; step++)
            {
                int regime = step / _options.RegimeSteps;
                double own = leader ? 1 : ofAdvertiser.Uniform(regime, 0.5, 1.5);
                double mean = Math.Min(_options.MeanValue * ofCategory.Uniform(regime, 0.3, 1.7) * own, 1);
                double ratio = ClipSpread(typicalSpread + 0.2 * typicalSpread * spreadOfStep.Normal(step));
                _means[step * Advertisers + advertiser] = (float)mean;
                _spreads[step * Advertisers + advertiser] = (float)(mean * ratio);
            }
        }
    }

    private static double ClipSpread(double ratio) => ratio < 0 ? 0.1 : Math.Min(ratio, 1);
}
