using AutoBid.Core.Time;
using AutoBid.Core.Trajectories;
using AutoBid.Policies.Contracts;
using AutoBid.Simulator.Agents;
using AutoBid.Simulator.Frozen;
using AutoBid.Simulator.Scoring;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Replay;

/// <summary>
/// Replays auction logs offline (auction.md, Offline replay protocol): every policy at every budget factor on every key (period, advertiser), each with its
/// own budget and target, in one pass over the rows. Rows wait in memory only until their step can be decided. The rows of a key lie together: inside a step
/// in any order, steps not backwards, and when rows of another period come, its keys are done. The result depends neither on how the keys of a period are
/// interleaved nor on the number of threads.
/// </summary>
public sealed class LogReplay
{
    private const int RowsPerCancellationCheck = 1 << 16;

    private readonly ReplayOptions _options;
    private readonly TrajectoryStore _store = new(StepClock.StepsPerDay);
    private readonly ReplayBatch _batch;
    private readonly Dictionary<int, ReplayPeriod> _periods = [];
    private readonly Stack<StepRows> _spare = new();
    private readonly List<(int Policy, int Factor, int Advertiser, ReplayScore Score)> _scores = [];
    private ReplayPeriod? _current;
    private int _currentNumber;
    private bool _hasOutcomes = true;
    private int _waiting;
    private long _rows;
    private int _keys;

    public LogReplay(ReplayOptions options)
    {
        options.Check();
        _options = options;
        _batch = new ReplayBatch(options, _store);
    }

    /// <summary>Replays a log. Several can follow one another; periods may go on from one to the next.</summary>
    /// <param name="progress">Called now and then with the bytes of this log read so far.</param>
    /// <exception cref="LogFormatException">A row cannot be used, by itself or after those before it.</exception>
    public void Read(IReplayLog log, Action<long>? progress = null, CancellationToken cancellation = default)
    {
        _hasOutcomes &= log.HasOutcomes;
        var row = new ReplayRow();
        for (int i = 1; log.Read(ref row); i++)
        {
            Add(row, log);
            if (i % RowsPerCancellationCheck != 0) continue;
            cancellation.ThrowIfCancellationRequested();
            progress?.Invoke(log.BytesRead);
        }

        // The last step's rows of this log, checked while their line can still be named.
        if (_current is { IsOpen: true } current)
        {
            foreach (ReplayKey key in current.Keys.Values) Check(key, log);
        }

        progress?.Invoke(log.BytesRead);
    }

    /// <summary>Plays what is left and returns the scores. Nothing can be read afterwards.</summary>
    public ReplayResult Finish()
    {
        Leave(null);
        // Names would sort period 10 before 9 and advertiser 10 before 2: numbers do not.
        return new ReplayResult(
            _rows, _keys, [.. _scores.OrderBy(s => s.Policy).ThenBy(s => s.Factor).ThenBy(s => s.Score.Period).ThenBy(s => s.Advertiser).Select(s => s.Score)]);
    }

    private void Add(in ReplayRow row, IReplayLog log)
    {
        if (_current is null || row.Period != _currentNumber) Enter(row.Period, log);
        if (!_current!.Keys.TryGetValue(row.Advertiser, out ReplayKey? key)) key = Begin(row, log);
        if (key.Open is not { } open)
            throw log.Error(ReplayField.Key, $"rows of {NameOf(key)} go on after those of another period; the rows of a period must lie together");
        if (row.Budget != key.Budget)
            throw log.Error(ReplayField.Budget, FormattableString.Invariant($"{NameOf(key)} has a budget of {row.Budget} here, {key.Budget} before"));
        if (row.Target != key.Target)
            throw log.Error(ReplayField.Target, FormattableString.Invariant($"{NameOf(key)} has a target of {row.Target} here, {key.Target} before"));
        if (row.Step != open.Step)
        {
            if (row.Step < open.Step) throw log.Error(ReplayField.Step, $"step {row.Step} of {NameOf(key)} comes after its step {open.Step}");
            Complete(_current, key, row.Step, log);
            Dispatch(_current);
        }

        key.Open!.Add(row);
        _rows++;
    }

    private ReplayKey Begin(in ReplayRow row, IReplayLog log)
    {
        double budget = row.Budget, target = row.Target;
        var variants = new ReplayVariant[_options.Policies.Count * _options.BudgetFactors.Count];
        for (int i = 0; i < variants.Length; i++)
        {
            int policy = i / _options.BudgetFactors.Count, factor = i % _options.BudgetFactors.Count;
            var agent = new SeatAgent
            {
                Seat = new Seat(budget * _options.BudgetFactors[factor], target),
                Policy = _options.Policies[policy],
                Mode = _options.Mode,
                Prior = _options.Prior,
                KnowsStep = _options.KnowsStep,
            };
            variants[i] = new ReplayVariant(agent, policy, factor);
            if (agent.Seat.Budget > 0 && agent.Seat.Budget >= _options.SmallestBudget) variants[i].Block = _store.Rent();
        }

        var key = new ReplayKey(row.Period, row.Advertiser, log.NameOf(row.Advertiser), budget, target)
        {
            Variants = variants,
            Constants = new ConstantOracle([.. _options.BudgetFactors.Select(factor => factor * budget)], _options.SmallestBudget),
        };
        _current!.Keys.Add(row.Advertiser, key);
        _keys++;
        for (int step = 0; step < row.Step; step++) Enqueue(_current, key, Rent(step));
        key.Open = Rent(row.Step);
        _current.Opened(row.Step);
        return key;
    }

    // The open step is complete, those up to the next one had no opportunities.
    private void Complete(ReplayPeriod period, ReplayKey key, int next, IReplayLog? log)
    {
        StepRows open = key.Open!;
        if (log is not null) Check(key, log);
        period.Completed(open.Step);
        Enqueue(period, key, open);
        for (int step = open.Step + 1; step < next; step++) Enqueue(period, key, Rent(step));
        key.Open = null;
        if (next == StepClock.StepsPerDay) return;
        key.Open = Rent(next);
        period.Opened(next);
    }

    private static void Check(ReplayKey key, IReplayLog log)
    {
        if (key.Open is { } open && !open.TryClose(out int twice))
            throw log.Error(ReplayField.Opportunity, $"opportunity {twice} of {NameOf(key)}, step {open.Step} occurs twice (at or before this line)");
    }

    private static string NameOf(ReplayKey key) => $"period {key.Period}, advertiser {key.Name}";

    private void Enqueue(ReplayPeriod period, ReplayKey key, StepRows rows)
    {
        _waiting += rows.Count;
        period.Enqueue(key, rows);
    }

    private void Enter(int number, IReplayLog log)
    {
        Leave(log);
        _currentNumber = number;
        if (!_periods.TryGetValue(number, out _current)) _periods[number] = _current = new ReplayPeriod();
    }

    private void Leave(IReplayLog? log)
    {
        if (_current is not { IsOpen: true } period) return;
        foreach (ReplayKey key in period.Keys.Values)
        {
            if (key.Open is not null) Complete(period, key, StepClock.StepsPerDay, log);
        }

        period.Close();
        Dispatch(period);
    }

    private void Dispatch(ReplayPeriod period)
    {
        while (period.Next(waits: _waiting <= _options.MostRowsWaiting) is { Length: > 0 } batch)
        {
            _batch.Play(batch);
            foreach (ReplayKey key in batch)
            {
                StepRows rows = period.Played(key);
                _waiting -= rows.Count;
                _spare.Push(rows);
                if (rows.Step == StepClock.StepsPerDay - 1) Score(period, key);
            }
        }
    }

    private void Score(ReplayPeriod period, ReplayKey key)
    {
        var knapsacks = new double[_options.BudgetFactors.Count];
        var constants = new OracleResult[knapsacks.Length];
        for (int factor = 0; factor < knapsacks.Length; factor++)
        {
            double budget = key.Budget * _options.BudgetFactors[factor];
            knapsacks[factor] = budget >= _options.SmallestBudget ? key.Knapsack.Best(budget).Score : 0;
            constants[factor] = key.Constants.Best(factor, key.Target, _options.Mode);
        }

        foreach (ReplayVariant variant in key.Variants)
        {
            if (variant.Block >= 0) _store.Return(variant.Block);
            IBidPolicy policy = _options.Policies[variant.Policy];
            _scores.Add((variant.Policy, variant.Factor, key.Advertiser, new ReplayScore(
                policy.Name, _options.BudgetFactors[variant.Factor], key.Period, key.Name, variant.Agent.Seat.Budget, key.Target, variant.Wins, variant.Cost, variant.Value,
                _hasOutcomes ? variant.Conversions : null, Scoring.Score.Of(variant.Value, variant.Cost, key.Target),
                _hasOutcomes ? Scoring.Score.Of(variant.Conversions, variant.Cost, key.Target) : null,
                constants[variant.Factor].Score, constants[variant.Factor].Multiplier, knapsacks[variant.Factor])));
        }

        // A closed key stays known, so that rows which come too late are noticed; its books are not needed any more.
        period.Keys[key.Advertiser] = new ReplayKey(key.Period, key.Advertiser, key.Name, key.Budget, key.Target) { Variants = [], Constants = new ConstantOracle([], 0) };
    }

    private StepRows Rent(int step)
    {
        if (!_spare.TryPop(out StepRows? rows)) rows = new StepRows();
        rows.Begin(step);
        return rows;
    }
}
