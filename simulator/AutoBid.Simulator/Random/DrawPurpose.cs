namespace AutoBid.Simulator.Random;

/// <summary>What a draw is for. Part of every stream's key: two purposes never share a number. Values are part of the results; append only.</summary>
public enum DrawPurpose
{
    Volume = 1,
    CategoryLevel,
    AdvertiserLevel,
    SpreadOfAdvertiser,
    SpreadOfStep,
    Value,
    NoiseOfAdvertiser,
    Noise,
    HiddenBias,
    Exposure,
    ConversionValue,
    Conversion,
    DropPriority,
    PerturbationStart,
    PerturbationFactor,
    PerturbationLength,
    SeatPermutation,
    LineUp,
    ArrivalTime,
    Eligibility,
    CompetingLevel,
    CompetingBid,
    Revenue,
    ConversionDelay,
    ConversionDelayKind,
    Policy,
    CommonValue,
    TrafficSpike,
    PriceShockLength,
    PriceShockFactor,
    Bootstrap,

    /// <summary>Prices and wins of a day that measures holds.</summary>
    HoldPrice,
    HoldWin,
}
