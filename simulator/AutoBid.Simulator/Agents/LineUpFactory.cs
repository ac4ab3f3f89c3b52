using AutoBid.Core.Campaigns;
using AutoBid.Core.Response;
using AutoBid.Policies.Contracts;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Simple;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Agents;

/// <summary>Makes line-ups from the product's own policies. A line-up id stands for who plays where; a period adds its money and perturbations.</summary>
public sealed class LineUpFactory(ulong seed, PopulationPrior? prior)
{
    private readonly IBidPolicy _constant = new ConstantPolicy();
    private readonly IBidPolicy _pid = new PidPolicy();
    private readonly IBidPolicy _benchmarkPid = new PidPolicy(PidOptions.Benchmark, "pid-benchmark");
    private readonly IBidPolicy _mpc = new MpcPolicy();
    private readonly IBidPolicy _recentMpc = MpcPolicy.Recent;

    /// <summary>What policies under test, and opponents of the mixed line-ups, know of earlier days.</summary>
    public PopulationPrior? Prior => prior;

    /// <summary>Every seat plays one policy as it decides.</summary>
    public LineUp Uniform(int id, string name, IBidPolicy policy, IReadOnlyList<Seat> seats, PacingMode mode = PacingMode.SpendFirst)
        => new(id, name, [.. seats.Select(seat => new SeatAgent { Seat = seat, Policy = policy, Mode = mode, Prior = prior })]);

    /// <summary>
    /// A mixed field of opponents as they decide: predictive, feedback, the benchmark's PID and constants around the target, drawn per seat from the
    /// line-up's id. The ids of one seed are independent: test line-ups are ids that training never saw.
    /// </summary>
    public LineUp Opponents(int id, IReadOnlyList<Seat> seats, PacingMode mode = PacingMode.SpendFirst)
        => new(id, $"mixed-{id}", [.. seats.Select((money, seat) => Opponent(id, seat) with { Seat = money, Mode = mode })]);

    /// <summary>
    /// The line-up whose prices are those of the benchmark's final round (docs/calibration.md). Its rivals know no prior, so that its prices do not
    /// depend on one; give policies under test theirs through <see cref="Replace"/>.
    /// </summary>
    /// <param name="seats">48.</param>
    public static LineUp FinalRound(IReadOnlyList<Seat> seats, PacingMode mode = PacingMode.SpendFirst)
        => new(FinalRoundField.Id, FinalRoundField.Name, FinalRoundField.Agents(seats, mode));

    /// <summary>A line-up's opponents with some seats taken over by a policy under test.</summary>
    /// <param name="prior">What the policy under test is given; null: what the seat's opponent had.</param>
    public static LineUp Replace(LineUp lineUp, IEnumerable<int> seats, IBidPolicy policy, PopulationPrior? prior = null)
    {
        SeatAgent[] agents = [.. lineUp.Agents];
        foreach (int seat in seats)
        {
            agents[seat] = agents[seat] with
            {
                Policy = policy,
                AccountConstant = 1,
                FollowsExecuted = false,
                Perturbation = null,
                Shock = null,
                Prior = prior ?? agents[seat].Prior,
            };
        }

        return lineUp with { Agents = agents, Name = $"{lineUp.Name}+{policy.Name}" };
    }

    /// <summary>The line-up <paramref name="id"/> in a training period: money permuted and scaled, modes and perturbations drawn anew.</summary>
    public LineUp Training(int id, int period, TrainingMix mix)
    {
        var draws = new StepDraws(seed, period, 0);
        RandomStream seat = draws.Stream(id, DrawPurpose.SeatPermutation);
        int[] order = Permutation(mix.Seats.Count, seat);
        double factor = mix.BudgetFactors[(int)(seat.Uniform(-1) * mix.BudgetFactors.Count)];
        return new LineUp(id, $"training-{id}",
        [
            .. order.Select((from, at) => Opponent(id, at) with
            {
                Seat = mix.Seats[from] with { Budget = mix.Seats[from].Budget * factor },
                Mode = seat.Uniform(1000 + at) < mix.TargetFirstShare ? PacingMode.TargetFirst : PacingMode.SpendFirst,
                Perturbation = seat.Uniform(2000 + at) < mix.PerturbedShare ? mix.Perturbation : null,
            }),
        ]);
    }

    private SeatAgent Opponent(int id, int seat)
    {
        RandomStream draw = new StepDraws(seed, 0, 0).Stream(id, DrawPurpose.LineUp);
        double kind = draw.Uniform(4 * seat);
        double constant = Math.Exp(0.45 * draw.Normal(4 * seat + 1));
        var agent = new SeatAgent { Seat = default, Policy = _constant, AccountConstant = Math.Clamp(constant, 0.4, 3), Prior = prior };
        return kind switch
        {
            < 0.35 => agent with { Policy = prior is null ? _recentMpc : _mpc },
            < 0.45 => agent with { Policy = _recentMpc },
            < 0.65 => agent with { Policy = _pid, FollowsExecuted = true },
            < 0.75 => agent with { Policy = _benchmarkPid, FollowsExecuted = true },
            _ => agent,
        };
    }

    // Sorting by independent draws gives every order the same chance.
    private static int[] Permutation(int count, RandomStream draw)
        => [.. Enumerable.Range(0, count).OrderBy(i => draw.Bits(i))];
}
