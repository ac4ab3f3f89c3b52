namespace AutoBid.Cli.Exchange.OpenLoop;

/// <summary>How requests are spread over time.</summary>
internal enum Arrivals
{
    /// <summary>Independent of each other, as many sources together are: exponential gaps.</summary>
    Poisson,

    /// <summary>Equal gaps.</summary>
    Constant,
}
