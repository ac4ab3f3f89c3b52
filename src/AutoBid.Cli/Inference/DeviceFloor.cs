namespace AutoBid.Cli.Inference;

/// <summary>
/// What a device could do at best: no run is faster than the longest of its arithmetic, its traffic with device memory and its copies. Defaults are the
/// data sheet's of an H100 SXM: dense tensor-core rates, HBM3, PCIe 5 x16.
/// </summary>
internal sealed record DeviceFloor
{
    public double Fp16Tflops { get; init; } = 989;

    public double Tf32Tflops { get; init; } = 494;

    public double MemoryTbs { get; init; } = 3.35;

    public double PcieGbs { get; init; } = 64;

    /// <summary>Milliseconds of one run, and which of the three it is.</summary>
    /// <param name="flop">Of one row.</param>
    /// <param name="weightBytes">Read once a run.</param>
    /// <param name="inBytes">Of one row, copied in; its answer out is <paramref name="outBytes"/>.</param>
    public (double Ms, string Which) Of(string precision, int rows, double flop, double weightBytes, double inBytes, double outBytes)
    {
        double arithmetic = 1e3 * rows * flop / (1e12 * (precision == "fp16" ? Fp16Tflops : Tf32Tflops));
        double memory = 1e3 * (weightBytes + rows * (inBytes + outBytes)) / (1e12 * MemoryTbs);
        // The two directions have lanes of their own.
        double copies = 1e3 * rows * Math.Max(inBytes, outBytes) / (1e9 * PcieGbs);
        double longest = Math.Max(arithmetic, Math.Max(memory, copies));
        return (longest, longest == copies ? "copies" : longest == memory ? "memory" : "arithmetic");
    }
}
