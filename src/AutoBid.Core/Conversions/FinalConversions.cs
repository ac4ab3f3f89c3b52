namespace AutoBid.Core.Conversions;

/// <summary>
/// The conversions that a click day will have in the end, from those that have arrived.
/// </summary>
/// <param name="Expected">Expected final count.</param>
/// <param name="Deviation">Its standard deviation, from the conversions to come and from what is not known of the calibration.</param>
public readonly record struct FinalConversions(double Expected, double Deviation)
{
    /// <summary>Conversions that the belief "the predictions are right" weighs.</summary>
    public const double CalibrationWeight = 10;

    /// <summary>
    /// final = arrived + c V (1 - F): what arrived counts as it is, of the predicted value V of the day's wins the share 1 - F is still to come, scaled
    /// by the calibration c = (K + arrivals) / (K + due), K = 10 conversions, over all click days that are kept. Its variance is R + R^2 / (K + arrivals)
    /// for the remainder R = c V (1 - F): Poisson arrivals and a calibration known from so many conversions.
    /// </summary>
    /// <param name="arrived">Conversions of the day that have arrived.</param>
    /// <param name="pending">V (1 - F): predicted value of the day's wins whose conversions are not due yet.</param>
    /// <param name="allArrived">Conversions that arrived of all click days kept.</param>
    /// <param name="allDue">Sum of V F over them.</param>
    /// <param name="valueIsConversions">False where value is revenue: then c is conversions per revenue and only conversions can tell it.</param>
    public static FinalConversions Of(double arrived, double pending, double allArrived, double allDue, bool valueIsConversions)
    {
        double known = valueIsConversions ? CalibrationWeight : 0;
        double evidence = known + Math.Max(allArrived, 0), due = known + allDue;
        double rest = due > 0 ? evidence / due * Math.Max(pending, 0) : 0;
        double variance = rest + (evidence > 0 ? rest * rest / evidence : 0);
        return new FinalConversions(arrived + rest, Math.Sqrt(variance));
    }
}
