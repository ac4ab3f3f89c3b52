using AutoBid.Policies.Inference.Cuda;

namespace AutoBid.Policies.Inference;

/// <summary>
/// One logical device, shared by the slots of every model on it. Once lost it stays lost: a context with a sticky error, or with a run that never came
/// back, cannot be used again by this process. Several may stand for the same GPU.
/// </summary>
/// <param name="index">Of the logical device: its label in metrics.</param>
/// <param name="ordinal">Of the GPU.</param>
public sealed class Accelerator(int index, int ordinal)
{
    private readonly Lock _gate = new();
    private readonly List<Action<Accelerator>> _watchers = [];

    public int Index { get; } = index;

    public int Ordinal { get; } = ordinal;

    /// <summary>Why it is lost; null while it works.</summary>
    public string? LostBecause { get; private set; }

    public bool IsLost => LostBecause is not null;

    /// <summary>Tells every watcher, once.</summary>
    public void Lose(string why)
    {
        Action<Accelerator>[] watchers;
        lock (_gate)
        {
            if (IsLost) return;
            LostBecause = why;
            HostPin.KeepAll();
            watchers = [.. _watchers];
            _watchers.Clear();
        }

        foreach (Action<Accelerator> watcher in watchers) watcher(this);
    }

    /// <summary>Has <paramref name="watcher"/> called when the device is lost; at once when it is already.</summary>
    public void Watch(Action<Accelerator> watcher)
    {
        lock (_gate)
        {
            if (!IsLost)
            {
                _watchers.Add(watcher);
                return;
            }
        }

        watcher(this);
    }

    public void Forget(Action<Accelerator> watcher)
    {
        lock (_gate) _watchers.Remove(watcher);
    }
}
