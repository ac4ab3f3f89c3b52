using AutoBid.Core.Response;
using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Fallback;

namespace AutoBid.Server.Decisions;

/// <summary>The reusable objects of one batch of stateless decisions; one thread at a time.</summary>
internal sealed class DecisionWork(DecisionChain chain)
{
    private readonly List<int> _rented = [];

    public DecisionChain Chain { get; } = chain;

    public TrajectoryStore Store { get; } = new(StepClock.StepsPerDay);

    public DayForecast Forecast { get; } = new();

    public List<ChainItem> Items { get; } = [];

    public int Rent()
    {
        int block = Store.Rent();
        _rented.Add(block);
        return block;
    }

    public void Clear()
    {
        foreach (int block in _rented) Store.Return(block);
        _rented.Clear();
        Items.Clear();
    }
}
