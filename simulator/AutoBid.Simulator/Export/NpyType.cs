namespace AutoBid.Simulator.Export;

/// <summary>Element types of exported arrays.</summary>
public enum NpyType
{
    Float32,
    Float16,
    Int32,
    Int16,
    Int8,
}
