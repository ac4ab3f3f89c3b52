namespace AutoBid.Simulator.Replay;

/// <summary>
/// Streams an auction log (auction.md, Log schema), plain or gzip. Columns are found by the header's names, in any order; others are ignored. Every number
/// of the schema is checked, needed for the replay or not.
/// </summary>
public sealed class AuctionLogReader : IReplayLog
{
    private readonly LogTable _table;
    private readonly int[] _at = new int[AuctionLogSchema.Names.Count];
    private AuctionLogRow _row;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="LogFormatException">There is no header, or a column is missing.</exception>
    public AuctionLogReader(string path)
    {
        _table = new LogTable(path, (byte)',');
        try
        {
            _table.ReadHeader();
            for (int column = 0; column < _at.Length; column++) _at[column] = _table.Find(AuctionLogSchema.Names[column]);
        }
        catch
        {
            _table.Dispose();
            throw;
        }
    }

    /// <summary>The row read last; overwritten by the next.</summary>
    public ref readonly AuctionLogRow Current => ref _row;

    /// <summary>1-based line of the current row.</summary>
    public long Line => _table.Line;

    public long BytesRead => _table.BytesRead;

    public bool HasOutcomes => true;

    /// <summary>Moves to the next row; false at the end.</summary>
    /// <exception cref="LogFormatException">A row is not as the schema says.</exception>
    public bool Read()
    {
        if (!_table.Read()) return false;
        _row.DeliveryPeriodIndex = Integer(AuctionLogColumn.DeliveryPeriodIndex);
        _row.AdvertiserNumber = Integer(AuctionLogColumn.AdvertiserNumber);
        _row.AdvertiserCategoryIndex = Integer(AuctionLogColumn.AdvertiserCategoryIndex);
        _row.Budget = Number(AuctionLogColumn.Budget);
        _row.CpaConstraint = Number(AuctionLogColumn.CPAConstraint);
        if (_row.CpaConstraint == 0) throw _table.Error(At(AuctionLogColumn.CPAConstraint), "the target must be above 0");
        _row.TimeStepIndex = Integer(AuctionLogColumn.TimeStepIndex, Core.Time.StepClock.StepsPerDay - 1);
        // The books of a log may end a hair below nothing.
        _row.RemainingBudget = _table.Number(At(AuctionLogColumn.RemainingBudget), double.MinValue, double.MaxValue);
        _row.PvIndex = Integer(AuctionLogColumn.PvIndex);
        _row.PValue = Number(AuctionLogColumn.PValue, 1);
        _row.PValueSigma = Number(AuctionLogColumn.PValueSigma);
        _row.Bid = Number(AuctionLogColumn.Bid);
        _row.Xi = Integer(AuctionLogColumn.Xi, 1);
        _row.AdSlot = Integer(AuctionLogColumn.AdSlot, Auctions.AuctionRules.MostSlots);
        _row.Cost = Number(AuctionLogColumn.Cost);
        _row.IsExposed = Integer(AuctionLogColumn.IsExposed, 1);
        _row.ConversionAction = Integer(AuctionLogColumn.ConversionAction, 1);
        _row.LeastWinningCost = Number(AuctionLogColumn.LeastWinningCost);
        _row.IsEnd = Integer(AuctionLogColumn.IsEnd, 1);
        return true;
    }

    public bool Read(ref ReplayRow row)
    {
        if (!Read()) return false;
        row.Period = _row.DeliveryPeriodIndex;
        row.Advertiser = _row.AdvertiserNumber;
        row.Step = _row.TimeStepIndex;
        row.Opportunity = _row.PvIndex;
        row.Value = _row.PValue;
        row.Sigma = _row.PValueSigma;
        row.Price = _row.LeastWinningCost;
        row.Outcome = ReplayRow.Drawn;
        row.Budget = _row.Budget;
        row.Target = _row.CpaConstraint;
        return true;
    }

    public string NameOf(int advertiser) => advertiser.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public LogFormatException Error(ReplayField field, string what) => _table.Error(
        At(field switch
        {
            ReplayField.Key => AuctionLogColumn.DeliveryPeriodIndex,
            ReplayField.Step => AuctionLogColumn.TimeStepIndex,
            ReplayField.Opportunity => AuctionLogColumn.PvIndex,
            ReplayField.Budget => AuctionLogColumn.Budget,
            _ => AuctionLogColumn.CPAConstraint,
        }),
        what);

    public void Dispose() => _table.Dispose();

    private int At(AuctionLogColumn column) => _at[(int)column];

    private double Number(AuctionLogColumn column, double highest = double.MaxValue) => _table.Number(At(column), 0, highest);

    private int Integer(AuctionLogColumn column, int highest = int.MaxValue) => _table.Integer(At(column), 0, highest);
}
