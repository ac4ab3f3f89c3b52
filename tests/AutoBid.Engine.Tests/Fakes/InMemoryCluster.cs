using AutoBid.Engine.Events;
using AutoBid.Engine.Ports;

namespace AutoBid.Engine.Tests.Fakes;

/// <summary>
/// One log that several nodes share, as arrays, with a group whose decisions the test makes: who owns what. Reading walks round robin over a node's own
/// partitions; slots and outcomes reach the other nodes at their next look, in order, unless the test drops them.
/// </summary>
internal sealed class InMemoryCluster(int partitions = 4)
{
    private readonly Dictionary<(string Topic, int Partition), List<EngineEvent>> _records = [];
    private readonly List<Member> _members = [];
    private readonly Lock _gate = new();

    public int Partitions => partitions;

    /// <summary>Every node's published decisions, in order.</summary>
    public List<(string Node, DecisionRecord Decision)> Published { get; } = [];

    /// <summary>True: outcomes are lost on their way.</summary>
    public bool LosesOutcomes { get; set; }

    public Member Join(string node)
    {
        var member = new Member(this, node);
        lock (_gate) _members.Add(member);
        return member;
    }

    public int PartitionOf(string campaignId) => campaignId.Sum(c => c) % partitions;

    public List<EngineEvent> All()
    {
        lock (_gate) return [.. _records.OrderBy(pair => pair.Key).SelectMany(pair => pair.Value)];
    }

    /// <summary>One node's view of the log.</summary>
    internal sealed class Member(InMemoryCluster cluster, string node) : IEventLog
    {
        private readonly List<NodeNotice> _notices = [];
        private readonly SortedDictionary<(string Topic, int Partition), int> _next = [];
        private IPartitionOwner? _owner;

        public string Node => node;

        public List<RejectedEvent> Rejected { get; } = [];

        /// <summary>Nothing can be appended or published.</summary>
        public bool IsDown { get; set; }

        public int Partitions => cluster.Partitions;

        public bool IsHandingOver { get; private set; }

        public bool IsAvailable => !IsDown;

        public IReadOnlyList<PartitionOffset> Position
        {
            get
            {
                lock (cluster._gate) return [.. _next.Select(at => new PartitionOffset(at.Key.Topic, at.Key.Partition, at.Value))];
            }
        }

        public int PartitionOf(string campaignId) => cluster.PartitionOf(campaignId);

        /// <summary>The group gives this node partitions.</summary>
        public async Task GiveAsync(params int[] given)
        {
            IsHandingOver = true;
            await _owner!.TakeAsync(given, Begin, default);
            IsHandingOver = false;

            ValueTask Begin(IReadOnlyList<PartitionOffset> offsets)
            {
                lock (cluster._gate)
                {
                    foreach (string topic in Topic.Inputs)
                        foreach (int partition in given)
                            _next[(topic, partition)] = (int)offsets.FirstOrDefault(at => at.Topic == topic && at.Partition == partition).NextOffset;
                }

                return ValueTask.CompletedTask;
            }
        }

        /// <summary>The group takes them away; a node that was cut off hears it late, or never.</summary>
        public async Task TakeAwayAsync(params int[] taken)
        {
            IsHandingOver = true;
            await _owner!.GiveUpAsync(taken, End, default);
            IsHandingOver = false;

            void End()
            {
                lock (cluster._gate)
                    foreach (var at in _next.Keys.Where(at => taken.Contains(at.Partition)).ToArray()) _next.Remove(at);
            }
        }

        public ValueTask StartAsync(IPartitionOwner owner, CancellationToken cancellation)
        {
            _owner = owner;
            return ValueTask.CompletedTask;
        }

        public ValueTask AppendAsync(ReadOnlyMemory<EngineEvent> events, CancellationToken cancellation)
        {
            Refuse();
            lock (cluster._gate)
            {
                foreach (EngineEvent one in events.Span)
                {
                    EngineEvent e = one;
                    e.Partition = PartitionOf(e.CampaignId);
                    var slot = (Topic.Of(e.Kind), e.Partition);
                    if (!cluster._records.TryGetValue(slot, out List<EngineEvent>? records)) cluster._records.Add(slot, records = []);
                    e.Offset = records.Count;
                    records.Add(e);
                    if (e.Settings is { } settings) foreach (Member member in cluster._members) member._notices.Add(new NodeNotice.Settings(settings));
                }
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask<IReadOnlyList<PartitionOffset>> EndOffsetsAsync(CancellationToken cancellation)
        {
            Refuse();
            lock (cluster._gate)
            {
                IReadOnlyList<PartitionOffset> end =
                    [.. _next.Keys.Select(at => new PartitionOffset(at.Topic, at.Partition, cluster._records.TryGetValue(at, out var records) ? records.Count : 0))];
                return ValueTask.FromResult(end);
            }
        }

        public async ValueTask<int> ReadAsync(Memory<EngineEvent> into, TimeSpan wait, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
            lock (cluster._gate)
            {
                int read = 0;
                for (bool found = true; found && read < into.Length;)
                {
                    found = false;
                    foreach (var at in _next.Keys.ToArray())
                    {
                        int next = _next[at];
                        if (read == into.Length || !cluster._records.TryGetValue(at, out var records) || next == records.Count) continue;
                        into.Span[read++] = records[next];
                        _next[at] = next + 1;
                        found = true;
                    }
                }

                return read;
            }
        }

        public int TakeNotices(ICollection<NodeNotice> into)
        {
            lock (cluster._gate)
            {
                foreach (NodeNotice notice in _notices) into.Add(notice);
                int taken = _notices.Count;
                _notices.Clear();
                return taken;
            }
        }

        public ValueTask PublishAsync(IReadOnlyList<LeaseOutcomes> outcomes, CancellationToken cancellation)
        {
            Refuse();
            if (cluster.LosesOutcomes) return ValueTask.CompletedTask;
            lock (cluster._gate)
            {
                foreach (LeaseOutcomes one in outcomes)
                    foreach (Member member in cluster._members.Where(member => member.Node == one.Node)) member._notices.Add(new NodeNotice.Outcomes(one));
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask PublishAsync(IReadOnlyList<DecisionRecord> decisions, CancellationToken cancellation)
        {
            Refuse();
            lock (cluster._gate)
            {
                foreach (DecisionRecord decision in decisions)
                {
                    cluster.Published.Add((node, decision));
                    var slot = new Engine.Bidding.BidSlot
                    {
                        BidPerValue = decision.Multiplier * decision.Reference,
                        SafeBidPerValue = decision.SafeMultiplier * decision.Reference,
                        FloorNanos = decision.BidFloorNanos,
                        CapNanos = decision.BidCapNanos,
                        ExpiresTicks = decision.ExpiresTicks,
                        DeadTicks = 2 * decision.ExpiresTicks - decision.TimeTicks,
                        Flags = decision.Blocked,
                    };
                    foreach (Member member in cluster._members)
                        member._notices.Add(new NodeNotice.Slot(decision.TenantId, decision.CampaignId, slot, decision.Version, decision.Multiplier, decision.SpentNanos));
                }
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask RejectAsync(IReadOnlyList<RejectedEvent> rejected, CancellationToken cancellation)
        {
            Refuse();
            lock (cluster._gate) Rejected.AddRange(rejected);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            lock (cluster._gate) cluster._members.Remove(this);
            return ValueTask.CompletedTask;
        }

        private void Refuse()
        {
            if (IsDown) throw new EventLogUnavailableException("the brokers do not answer");
        }
    }
}
