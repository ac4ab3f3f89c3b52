using AutoBid.Core.Response;

namespace AutoBid.Core.Features;

/// <summary>
/// Turns a campaign's day into the row a model sees when it decides a step. Named and versioned: this code makes the training data and serves,
/// so that a model never meets features it was not trained on. See docs/features.md.
/// </summary>
public interface IFeatureBuilder
{
    /// <summary>Name that a model's card carries.</summary>
    string Name { get; }

    /// <summary>Raised when the meaning of any column changes.</summary>
    int Version { get; }

    /// <summary>Column names, in order.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>
    /// Columns that are known together or not at all: group name (regime, step, curves) to column indices, the mask column last.
    /// Training drops groups; serving zeroes what it does not know.
    /// </summary>
    IReadOnlyDictionary<string, int[]> Groups { get; }

    /// <summary>The columns that follow the calibration of the forecast, side by side; their number is 0 where none does.</summary>
    (int First, int Count) Calibrated { get; }

    /// <summary>Numbers from which <see cref="Calibrate"/> makes these columns anew.</summary>
    int PlainNumbers { get; }

    /// <summary>Writes the raw (not z-scored) row of the running step: what is known when step <c>Trajectory.Closed</c> is decided.</summary>
    /// <param name="input">The day so far.</param>
    /// <param name="scratch">Buffers for a forecast; overwritten.</param>
    /// <param name="row">Length <see cref="Columns"/>.Count.</param>
    /// <param name="plain">Length <see cref="PlainNumbers"/>, written too; empty: not asked for.</param>
    void Write(in FeatureInput input, DayForecast scratch, Span<float> row, Span<double> plain = default);

    /// <summary>
    /// Writes the raw values of the <see cref="Calibrated"/> columns, and no others: to the bit what <see cref="Write"/> writes where nothing differs but
    /// the calibration. Only for rows made with a prior.
    /// </summary>
    /// <param name="plain">What <see cref="Write"/> wrote with the row.</param>
    /// <param name="costRatio">Realised / predicted cost.</param>
    /// <param name="valueRatio">Realised / predicted value.</param>
    /// <param name="row">Length <see cref="Columns"/>.Count.</param>
    void Calibrate(ReadOnlySpan<double> plain, double costRatio, double valueRatio, Span<float> row);
}
