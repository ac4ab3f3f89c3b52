using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation.Statistics;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Random;
using AutoBid.Simulator.Traffic;

namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>What every model has to go through, the same for all of them: only tests shrink it.</summary>
public sealed record GateProtocol
{
    /// <summary>Training and the mixed line-ups of its data use lower numbers.</summary>
    private const int FirstLineUp = 1_000;

    private const int LineUpNumbers = 999_000;

    public static GateProtocol Standard { get; } = new();

    /// <summary>Policies without a model that it has to beat, by the names that campaigns use.</summary>
    public static IReadOnlyList<string> SimplePolicies { get; } = ["constant", "truthful", "pid", "mpc", "min-pacing", "online-lp"];

    /// <summary>Reference in TargetFirst at every budget: the policy that keeps budget and target, with the prior.</summary>
    public const string TargetFirstReference = "min-pacing";

    /// <summary>The order of everything that is reported by mode.</summary>
    public static IReadOnlyList<PacingMode> Modes { get; } = [PacingMode.SpendFirst, PacingMode.TargetFirst];

    public IReadOnlyList<double> BudgetFactors { get; init; } = [0.5, 1, 1.5];

    /// <summary>Budget factors with rivals that react.</summary>
    public IReadOnlyList<double> FullBudgetFactors { get; init; } = [1, 1.5];

    /// <summary>Line-ups that the days take in turn.</summary>
    public int LineUps { get; init; } = 4;

    public int FirstValidationPeriod { get; init; } = 1_000;

    /// <summary>Days on which SpendFirst's references are chosen.</summary>
    public int ValidationPeriods { get; init; } = 20;

    /// <summary>Beyond the validation days.</summary>
    public int FirstTestPeriod { get; init; } = 2_000;

    public int TestPeriods { get; init; } = 80;

    /// <summary>The first test days, with rivals that react.</summary>
    public int FullPeriods { get; init; } = 10;

    /// <summary>Seats taken over at a time where rivals react.</summary>
    public int SeatsTogether { get; init; } = 8;

    public AuctionPreset Preset { get; init; } = AuctionPreset.AuctionNet;

    /// <summary>Money of the line-ups.</summary>
    public IReadOnlyList<Seat> Seats { get; init; } = AuctionNetSeats.All;

    /// <summary>Resamples behind every interval.</summary>
    public int Resamples { get; init; } = ClusterBootstrap.StandardResamples;

    /// <summary>Numbers of the mixed line-ups of a seed: drawn from it, so that nothing was ever tuned on them; each once.</summary>
    public IReadOnlyList<int> LineUpsOf(ulong seed)
    {
        RandomStream draw = RandomStream.For(seed, 0, 0, 0, DrawPurpose.LineUp);
        var numbers = new List<int>(LineUps);
        for (int i = 0; numbers.Count < LineUps; i++)
        {
            int number = FirstLineUp + (int)(draw.Bits(i) % LineUpNumbers);
            if (!numbers.Contains(number)) numbers.Add(number);
        }

        return numbers;
    }
}
