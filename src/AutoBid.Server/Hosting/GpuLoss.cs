using AutoBid.Policies.Inference;
using AutoBid.Policies.Models;

namespace AutoBid.Server.Hosting;

/// <summary>
/// What the service does about a lost GPU: it says so, and with <see cref="ServeOptions.RestartOnGpuLoss"/> it drains once the last one is gone. Until
/// then, and without that setting, the other GPUs answer, and after them the CPU.
/// </summary>
public sealed class GpuLoss(ModelRegistry registry, Readiness readiness, ServeOptions options, ILogger<GpuLoss> logger) : IDisposable
{
    private readonly CancellationTokenSource _drained = new();

    /// <summary>Cancelled when the service has drained and should end.</summary>
    public CancellationToken Drained => _drained.Token;

    public void Watch()
    {
        foreach (Accelerator accelerator in registry.Accelerators) accelerator.Watch(Lost);
    }

    public void Dispose() => _drained.Dispose();

    private void Lost(Accelerator accelerator)
    {
        logger.LogError("GPU {Device} is lost for this process: {Reason}", accelerator.Index, accelerator.LostBecause);
        if (!options.RestartOnGpuLoss || !registry.Accelerators.All(one => one.IsLost)) return;
        readiness.Drain("every GPU is lost");
        _drained.CancelAfter(options.Drain);
    }
}
