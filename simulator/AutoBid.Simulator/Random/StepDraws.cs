namespace AutoBid.Simulator.Random;

/// <summary>All random streams of one step of one period.</summary>
public readonly record struct StepDraws(ulong Seed, int Period, int Step)
{
    public RandomStream Stream(int advertiser, DrawPurpose purpose) => RandomStream.For(Seed, Period, Step, advertiser, purpose);
}
