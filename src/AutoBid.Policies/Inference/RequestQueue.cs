namespace AutoBid.Policies.Inference;

/// <summary>Requests that wait, first come first served within their class, bounded in rows. Not thread-safe: the batcher's lock guards it.</summary>
internal sealed class RequestQueue(int capacityRows)
{
    private readonly Queue<Entry>[] _classes = [new(), new()];

    /// <summary>A hand-over of a request. Its caller may have gone meanwhile, and may even have handed the request over again: the ticket tells.</summary>
    public readonly record struct Entry(InferenceRequest Request, int Ticket, int Rows, int Bucket);

    public int Rows { get; private set; }

    public bool IsEmpty => _classes[0].Count == 0 && _classes[1].Count == 0;

    /// <summary>False when it is full. A request larger than the whole queue is taken by an empty one.</summary>
    public bool TryEnqueue(Entry entry)
    {
        if (Rows > 0 && Rows + entry.Rows > capacityRows)
        {
            DropDead();
            if (Rows > 0 && Rows + entry.Rows > capacityRows) return false;
        }

        _classes[(int)entry.Request.Class].Enqueue(entry);
        Rows += entry.Rows;
        return true;
    }

    /// <summary>
    /// Moves what one run can take into <paramref name="batch"/>: of the first class that has any, in order, while the rows fit. A request that asks
    /// for a bucket of its own goes alone. What is past its deadline ends here.
    /// </summary>
    public void Take(List<Entry> batch, int limitRows, long now)
    {
        foreach (Queue<Entry> waiting in _classes)
        {
            int rows = 0;
            while (waiting.TryPeek(out Entry next))
            {
                bool alone = next.Bucket > 0;
                if (batch.Count > 0 && (alone || rows + next.Rows > limitRows)) return;
                waiting.Dequeue();
                Rows -= next.Rows;
                if (next.Request.Expire(next.Ticket, now)) continue;
                batch.Add(next);
                rows += next.Rows;
                if (alone) return;
            }

            if (batch.Count > 0) return;
        }
    }

    /// <summary>Empties the queue into <paramref name="all"/>.</summary>
    public void TakeAll(List<Entry> all)
    {
        foreach (Queue<Entry> waiting in _classes)
        {
            all.AddRange(waiting);
            waiting.Clear();
        }

        Rows = 0;
    }

    /// <summary>Forgets what nobody waits for any more.</summary>
    private void DropDead()
    {
        foreach (Queue<Entry> waiting in _classes)
        {
            for (int left = waiting.Count; left > 0; left--)
            {
                Entry entry = waiting.Dequeue();
                if (entry.Request.IsQueued(entry.Ticket)) waiting.Enqueue(entry);
                else Rows -= entry.Rows;
            }
        }
    }
}
