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

    /// <summary>Writes the raw (not z-scored) row of the running step: what is known when step <c>Trajectory.Closed</c> is decided.</summary>
    /// <param name="input">The day so far.</param>
    /// <param name="scratch">Buffers for a forecast; overwritten.</param>
    /// <param name="row">Length <see cref="Columns"/>.Count.</param>
    void Write(in FeatureInput input, DayForecast scratch, Span<float> row);
}
