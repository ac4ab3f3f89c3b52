using AutoBid.Core.Campaigns;
using AutoBid.Simulator.Evaluation;
using AutoBid.Simulator.Evaluation.Settings;
using AutoBid.Simulator.Periods;
using AutoBid.Simulator.Shifts;

namespace AutoBid.Cli.Evaluation;

/// <summary>What <c>evaluate</c> was asked for.</summary>
internal sealed record EvaluationOptions
{
    /// <summary>Names as <see cref="Simulation.PolicyResolver"/> knows them.</summary>
    public required IReadOnlyList<string> Policies { get; init; }

    public required IReadOnlyList<double> Budgets { get; init; }

    public required IReadOnlyList<string> LineUps { get; init; }

    public required IReadOnlyList<PacingMode> Modes { get; init; }

    public required IReadOnlyList<EvaluationPath> Paths { get; init; }

    public ulong Seed { get; init; } = 1;

    public int FirstPeriod { get; init; } = 1000;

    public int Periods { get; init; } = 20;

    public int SeatsTogether { get; init; } = 8;

    public Knowledge Knowledge { get; init; } = Knowledge.All;

    public required AuctionPreset Preset { get; init; }

    public bool Guard { get; init; } = true;

    /// <summary>Null: the shipped one where there is one; <c>none</c>: none.</summary>
    public string? Prior { get; init; }

    /// <summary>Candidates get a prior of their market's previous day; <see cref="Prior"/> is then that of rivals alone.</summary>
    public bool PriorOfDayBefore { get; init; }

    /// <summary>Null: the market as it is.</summary>
    public Shift? Shift { get; init; }

    /// <summary>Shift, prior and knowledge as a comparison names them.</summary>
    public EvaluationSetting Setting { get; init; } = new(EvaluationSetting.NoShift, "shipped", Knowledge.All);

    public int Threads { get; init; } = 1;

    public required string Folder { get; init; }

    public bool Fresh { get; init; }

    public string? Baseline { get; init; }
}
