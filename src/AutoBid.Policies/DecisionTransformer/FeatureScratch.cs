using AutoBid.Core.Features;
using AutoBid.Core.Response;

namespace AutoBid.Policies.DecisionTransformer;

/// <summary>Buffers for the rows of one window, reused; one per thread at a time.</summary>
internal sealed class FeatureScratch
{
    public DayForecast Forecast { get; } = new();

    public RowKeys Keys { get; } = new();

    /// <summary>Rows of <see cref="RowShape.Floats"/>.</summary>
    public float[] Floats { get; private set; } = [];

    /// <summary>Rows of <see cref="RowShape.Doubles"/>.</summary>
    public double[] Doubles { get; private set; } = [];

    public void Reserve(int rows, RowShape shape)
    {
        if (Floats.Length < rows * shape.Floats) Floats = new float[rows * shape.Floats];
        if (Doubles.Length < rows * shape.Doubles) Doubles = new double[rows * shape.Doubles];
    }
}
