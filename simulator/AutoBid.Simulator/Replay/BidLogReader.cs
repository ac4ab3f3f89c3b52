using System.Globalization;

namespace AutoBid.Simulator.Replay;

/// <summary>Streams a plain bid log (such as the published iPinYou seasons once they carry a prediction), plain or gzip. One key per day and campaign.</summary>
public sealed class BidLogReader : IReplayLog
{
    private readonly BidLogOptions _options;
    private readonly BidLogKeys _keys;
    private readonly LogTable _table;
    private readonly int _time, _value, _price, _outcome = -1, _key = -1;
    private readonly long _utcOffset, _dayLength;

    /// <param name="keys">Shared by the files of one replay.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="LogFormatException">There is no header, or a column is missing.</exception>
    public BidLogReader(string path, BidLogOptions options, BidLogKeys keys)
    {
        options.Check();
        (_options, _keys) = (options, keys);
        _utcOffset = (long)options.UtcOffset.TotalMilliseconds;
        _dayLength = (long)options.DayLength.TotalMilliseconds;
        _table = new LogTable(path, options.Delimiter);
        try
        {
            if (options.HasHeader) _table.ReadHeader();
            _time = Find(options.Time);
            _value = Find(options.Value);
            _price = Find(options.Price);
            if (options.Outcome is not null) _outcome = Find(options.Outcome);
            if (options.Key is not null) _key = Find(options.Key);
        }
        catch
        {
            _table.Dispose();
            throw;
        }
    }

    public long BytesRead => _table.BytesRead;

    public bool HasOutcomes => _outcome >= 0;

    public bool Read(ref ReplayRow row)
    {
        if (!_table.Read()) return false;
        ReadOnlySpan<byte> time = _table.Field(_time);
        if (!LogTime.TryParse(time, _utcOffset, out long local))
            throw _table.Error(_time, $"{LogNumbers.Shown(time)} is no time: unix seconds or milliseconds, yyyyMMddHHmmss[fff] or ISO 8601");
        LogTime.Locate(local, _dayLength, out row.Period, out row.Step);
        row.Advertiser = _keys.NumberOf(_key < 0 ? default : _table.Field(_key));
        row.Opportunity = _keys.NextOpportunity(row.Period, row.Advertiser);
        row.Value = Scaled(_value, _options.ValueScale, 1, "a probability is at most 1");
        row.Sigma = 0;
        row.Price = Scaled(_price, _options.PriceScale, double.MaxValue, "a price is finite");
        row.Outcome = _outcome < 0 ? ReplayRow.Drawn : (sbyte)_table.Integer(_outcome, 0, 1);
        row.Budget = _options.Budget;
        row.Target = _options.Target;
        return true;
    }

    public string NameOf(int advertiser) => _keys.NameOf(advertiser);

    public LogFormatException Error(ReplayField field, string what) => _table.Error(field == ReplayField.Key && _key >= 0 ? _key : _time, what);

    public void Dispose() => _table.Dispose();

    private int Find(string column)
        => _options.HasHeader ? _table.Find(column) : BidLogOptions.TryNumber(column, out int number) ? _table.Find(number) : throw new InvalidOperationException("The options were checked.");

    private double Scaled(int column, double scale, double highest, string rule)
    {
        double number = _table.Number(column, 0, double.MaxValue), value = number * scale;
        if (value <= highest) return value;
        throw _table.Error(column, string.Create(CultureInfo.InvariantCulture, $"{number} x {scale} is above {highest}: {rule}"));
    }
}
