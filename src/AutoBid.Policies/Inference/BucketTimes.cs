namespace AutoBid.Policies.Inference;

/// <summary>What each bucket has cost of late, and from it how many rows to take at once so that nobody is held for longer than a limit. Thread-safe.</summary>
internal sealed class BucketTimes(int[] buckets, double limitMs)
{
    /// <summary>What is left, per choice, of the estimate of a bucket that is passed over: one that is always too slow is tried in about 3 % of the choices.</summary>
    private const double Fading = 0.995;

    private readonly Lock _gate = new();
    private readonly double[] _ms = new double[buckets.Length];

    /// <summary>Index of the largest bucket that is known, or by its neighbour expected, to stay inside the limit; not more than <paramref name="rows"/> need.</summary>
    public int Choose(int rows)
    {
        lock (_gate)
        {
            int best = 0;
            while (best + 1 < _ms.Length && buckets[best] < rows && _ms[best] > 0)
            {
                double expected = _ms[best + 1] > 0 ? _ms[best + 1] : _ms[best] * buckets[best + 1] / buckets[best];
                if (expected > limitMs)
                {
                    // What is passed over is not measured: unless it faded, one disturbed run would keep chunks small for good.
                    _ms[best + 1] *= Fading;
                    break;
                }

                best++;
            }

            return best;
        }
    }

    /// <summary>Of so many rows at once, milliseconds; 0: not known yet.</summary>
    public double Expected(int rows)
    {
        lock (_gate)
        {
            // A loop: it is asked for every request, and a lambda over the rows would allocate.
            for (int i = 0; i < buckets.Length; i++)
            {
                if (buckets[i] >= rows) return _ms[i];
            }

            return 0;
        }
    }

    public void Measure(int index, double ms)
    {
        lock (_gate) _ms[index] = _ms[index] > 0 ? 0.8 * _ms[index] + 0.2 * ms : Math.Max(ms, 1e-6);
    }
}
