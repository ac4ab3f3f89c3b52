using AutoBid.Engine.Events;

namespace AutoBid.Streaming.Json;

/// <summary>Identities of many events: keys of one and two blocks wait until eight of them can be hashed at once. One owner.</summary>
internal sealed class IdentityBatch
{
    private readonly Group[] _groups = [new(1), new(2)];

    /// <summary>Sets the identity of every event.</summary>
    public void Fill(Span<EngineEvent> events)
    {
        if (!Sha256Lanes.IsSupported)
        {
            foreach (ref EngineEvent e in events) e.Identity = EventIdentities.Of(e);
            return;
        }

        // A key of one block is written where it is hashed; a longer one is written again elsewhere, which is rare.
        for (int i = 0; i < events.Length; i++)
        {
            ref EngineEvent e = ref events[i];
            if (!_groups[0].TryAdd(e, i, events) && !_groups[1].TryAdd(e, i, events)) e.Identity = EventIdentities.Of(e);
        }

        foreach (Group group in _groups) group.Flush(events);
    }

    private sealed class Group(int blocks)
    {
        private readonly int _stride = blocks * Sha256Lanes.BlockBytes;
        private readonly byte[] _messages = new byte[Sha256Lanes.Lanes * blocks * Sha256Lanes.BlockBytes];
        private readonly int[] _events = new int[Sha256Lanes.Lanes];
        private readonly ulong[] _high = new ulong[Sha256Lanes.Lanes];
        private readonly ulong[] _low = new ulong[Sha256Lanes.Lanes];
        private int _count;

        public bool TryAdd(in EngineEvent e, int index, Span<EngineEvent> events)
        {
            Span<byte> message = _messages.AsSpan(_count * _stride, _stride);
            if (!EventIdentities.TryWriteKey(e, message, out int length) || Sha256Lanes.BlocksOf(length) > blocks) return false;
            Sha256Lanes.Pad(message, length);
            _events[_count++] = index;
            if (_count == Sha256Lanes.Lanes) Flush(events);
            return true;
        }

        public void Flush(Span<EngineEvent> events)
        {
            if (_count == 0) return;
            Sha256Lanes.Hash(_messages, blocks, _high, _low);
            for (int i = 0; i < _count; i++) events[_events[i]].Identity = new EventIdentity(_high[i], _low[i]);
            _count = 0;
        }
    }
}
