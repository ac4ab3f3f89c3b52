namespace AutoBid.Core.Response;

/// <summary>Curves over the points of <see cref="DayForecast.Multipliers"/> that have a score between them. Structs, so that a search over them is compiled for each.</summary>
internal interface IScoredCurves
{
    int FirstPoint { get; }

    int LastPoint { get; }

    /// <summary>Days that are scored together; each may have its own kink.</summary>
    int Samples { get; }

    /// <summary>Score at <paramref name="part"/> of the way from a point to the next one; part 0 needs no next one.</summary>
    double At(int point, double part);

    /// <summary>Part of the way from a point to the next one at which a sample's money ends; outside (0, 1) where it does not end there.</summary>
    double Kink(int point, int sample);
}
