using System.Runtime.InteropServices;

namespace AutoBid.Engine.Conversions;

/// <summary>One click day of one campaign, 32 bytes: what its wins promised and what came of them so far.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClickDay
{
    /// <summary>yyyymmdd of the campaign's local day; 0: an empty row.</summary>
    public int Day;

    /// <summary>Raised by each change of the row's spend or conversions.</summary>
    public uint Version;

    /// <summary>Conversions whose click lies in the day (without click time: that arrived in it).</summary>
    public int Conversions;

    /// <summary>Sum of predicted value over the day's wins; 0 until the day is over.</summary>
    public float ValueWon;

    public long ConversionValueMicros;

    /// <summary>
    /// The even spread of win times with the mean and variance of the day's real one, Unix seconds: enough to tell what part of the wins is how old.
    /// </summary>
    public uint WonFrom;

    public uint WonTo;
}
