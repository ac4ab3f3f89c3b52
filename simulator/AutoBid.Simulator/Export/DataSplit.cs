namespace AutoBid.Simulator.Export;

/// <summary>What a period is for; the numbers are the exported ones.</summary>
public enum DataSplit
{
    Train = 0,
    Validation = 1,
    Test = 2,
}
