using System.Globalization;
using System.Text;
using AutoBid.Simulator.Replay;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class AuctionLogReaderTests
{
    private static List<AuctionLogRow> ReadAll(string path)
    {
        using var reader = new AuctionLogReader(path);
        var rows = new List<AuctionLogRow>();
        while (reader.Read()) rows.Add(reader.Current);
        Assert.Equal(new FileInfo(path).Length, reader.BytesRead);
        return rows;
    }

    private static List<AuctionLogRow> ReadText(string text)
    {
        using var file = new LogFile(text);
        return ReadAll(file.Path);
    }

    private static LogFormatException Refused(byte[] bytes)
    {
        using var file = new LogFile(bytes);
        var error = Assert.Throws<LogFormatException>(() => ReadAll(file.Path));
        Assert.Equal(file.Path, error.File);
        Assert.StartsWith(file.Path, error.Message, StringComparison.Ordinal);
        return error;
    }

    [Fact]
    public void A_row_is_read_whole()
    {
        AuctionLogRow row = Assert.Single(ReadText($"{LogFile.Header}\n7,3,1,2900,100.5,47,2800.25,499999,0.0005,1E-04,0.05,1,2,0.07,1,1,0.11,1\n"));
        Assert.Equal((7, 3, 1), (row.DeliveryPeriodIndex, row.AdvertiserNumber, row.AdvertiserCategoryIndex));
        Assert.Equal((2900, 100.5, 47, 2800.25, 499_999), (row.Budget, row.CpaConstraint, row.TimeStepIndex, row.RemainingBudget, row.PvIndex));
        Assert.Equal((0.0005, 0.0001, 0.05, 1, 2, 0.07), (row.PValue, row.PValueSigma, row.Bid, row.Xi, row.AdSlot, row.Cost));
        Assert.Equal((1, 1, 0.11, 1), (row.IsExposed, row.ConversionAction, row.LeastWinningCost, row.IsEnd));
    }

    [Fact]
    public void Columns_come_in_any_order_beside_others()
    {
        string[] names = [.. AuctionLogSchema.Names.Reverse(), "comment"];
        string[] fields = [.. LogFile.FirstRow.Split(',').Reverse(), "\"a, b\""];
        Assert.Equal(ReadText($"{LogFile.Header}\n{LogFile.FirstRow}\n"), ReadText($"{string.Join(',', names)}\n{string.Join(',', fields)}\n"));
    }

    [Theory]
    [InlineData("{0}\n{1}")]
    [InlineData("{0}\r\n{1}\r\n")]
    [InlineData("{0}\n{1}\n\n")]
    [InlineData("{0}\r\n{1}\r\n\r\n\r\n")]
    [InlineData("\uFEFF{0}\n{1}\n")]
    public void Line_ends_and_marks_are_tolerated(string form)
        => Assert.Equal(0.11, Assert.Single(ReadText(string.Format(CultureInfo.InvariantCulture, form, LogFile.Header, LogFile.FirstRow))).LeastWinningCost);

    [Fact]
    public void Quoted_numbers_are_numbers()
    {
        string quoted = string.Join(',', LogFile.FirstRow.Split(',').Select(field => $"\"{field}\""));
        Assert.Equal(ReadText($"{LogFile.Header}\n{LogFile.FirstRow}\n"), ReadText($"\"{LogFile.Header.Replace(",", "\",\"", StringComparison.Ordinal)}\"\n{quoted}\n"));
    }

    [Fact]
    public void A_header_alone_has_no_rows() => Assert.Empty(ReadText(LogFile.Header));

    [Fact]
    public void Many_blocks_join_without_a_seam()
    {
        var text = new StringBuilder(LogFile.Header).Append('\n');
        for (int i = 0; i < 60_000; i++) text.Append(LogFile.With("pvIndex", i.ToString(CultureInfo.InvariantCulture))).Append('\n');
        Assert.True(text.Length > 3 << 20);
        Assert.Equal(Enumerable.Range(0, 60_000), ReadText(text.ToString()).Select(row => row.PvIndex));
        byte[] packed = LogFile.Gzip(text.ToString());
        using var file = new LogFile(packed, "log.csv.gz");
        Assert.Equal(60_000, ReadAll(file.Path).Count);
        // Members one after the other, as cat or a parallel packer leaves them.
        using var two = new LogFile([.. packed, .. LogFile.Gzip(LogFile.FirstRow + "\n")], "log.csv.gz");
        Assert.Equal(60_001, ReadAll(two.Path).Count);
    }

    [Fact]
    public void Gzip_that_breaks_off_is_an_error_wherever_it_does()
    {
        var text = new StringBuilder(LogFile.Header).Append('\n');
        for (int i = 0; i < 500; i++) text.Append(LogFile.With("pvIndex", i.ToString(CultureInfo.InvariantCulture))).Append('\n');
        byte[] packed = LogFile.Gzip(text.ToString());
        for (int length = 2; length < packed.Length; length += length < 20 || length > packed.Length - 20 ? 1 : 97) Refused(packed[..length]);
        // Inside the second member.
        Refused([.. packed, .. packed[..(packed.Length / 2)]]);
        byte[] damaged = [.. packed];
        damaged[^6] ^= 1;
        Refused(damaged);
        Assert.Contains("gzip", Refused(packed[..(packed.Length / 2)]).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_and_doubled_columns_are_named()
    {
        LogFormatException missing = Refused(Encoding.UTF8.GetBytes(LogFile.Header.Replace("pValueSigma", "sigma", StringComparison.Ordinal) + "\n" + LogFile.FirstRow));
        Assert.Equal((1, "pValueSigma"), (missing.Line, missing.Column));
        Assert.Contains("no such column", missing.Message, StringComparison.Ordinal);
        LogFormatException twice = Refused(Encoding.UTF8.GetBytes(LogFile.Header + ",bid\n" + LogFile.FirstRow + ",1"));
        Assert.Equal((1, "bid"), (twice.Line, twice.Column));
        Assert.Equal(1, Refused([]).Line);
    }

    [Theory]
    [InlineData("timeStepIndex", "48", "'48' is not in 0 to 47")]
    [InlineData("timeStepIndex", "-1", "'-1' is not in 0 to 47")]
    [InlineData("timeStepIndex", "1.5", "'1.5' is not a whole number")]
    [InlineData("xi", "2", "'2' is not in 0 to 1")]
    [InlineData("isExposed", "true", "'true' is not a whole number")]
    [InlineData("conversionAction", "-1", "not in 0 to 1")]
    [InlineData("adSlot", "4", "not in 0 to 3")]
    [InlineData("isEnd", "7", "not in 0 to 1")]
    [InlineData("pvIndex", "-5", "'-5' is not 0 or more")]
    [InlineData("pvIndex", "9999999999", "is not 0 or more")]
    [InlineData("deliveryPeriodIndex", "", "'' is not a whole number")]
    [InlineData("advertiserNumber", "a", "'a' is not a whole number")]
    [InlineData("pValue", "nan", "'nan' is not a finite number")]
    [InlineData("pValue", "-0.1", "'-0.1' is below 0")]
    [InlineData("pValue", "1.01", "'1.01' is above 1")]
    [InlineData("pValueSigma", "-1e-9", "below 0")]
    [InlineData("leastWinningCost", "inf", "'inf' is not a number")]
    [InlineData("leastWinningCost", "Infinity", "not a finite number")]
    [InlineData("leastWinningCost", "1e999", "not a finite number")]
    [InlineData("leastWinningCost", "-0.01", "below 0")]
    [InlineData("leastWinningCost", "0,1", "the row has 19 fields")]
    [InlineData("budget", "-1", "below 0")]
    [InlineData("CPAConstraint", "0", "must be above 0")]
    [InlineData("CPAConstraint", "x", "'x' is not a number")]
    [InlineData("remainingBudget", "NaN", "not a finite number")]
    [InlineData("bid", "", "'' is not a number")]
    [InlineData("cost", "-1", "below 0")]
    [InlineData("cost", "\"1", "does not end")]
    public void A_bad_number_is_named_with_its_place(string column, string value, string what)
    {
        LogFormatException error = Refused(Encoding.UTF8.GetBytes($"{LogFile.Header}\n{LogFile.FirstRow}\n{LogFile.With(column, value)}\n{LogFile.FirstRow}\n"));
        Assert.Equal(3, error.Line);
        if (error.Column is not null) Assert.Equal(column, error.Column);
        Assert.Contains("line 3", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_short_row_is_named_with_the_first_column_that_it_lacks()
    {
        LogFormatException error = Refused(Encoding.UTF8.GetBytes($"{LogFile.Header}\n{LogFile.FirstRow}\n7,3,0,2900,100\n"));
        Assert.Equal((3, "timeStepIndex"), (error.Line, error.Column));
        Assert.Contains("the row has 5 fields, 18 are needed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_lines_stand_at_the_end_only()
        => Assert.Equal(3, Refused(Encoding.UTF8.GetBytes($"{LogFile.Header}\n{LogFile.FirstRow}\n\n{LogFile.FirstRow}\n")).Line);

    [Fact]
    public void A_line_has_a_longest_length()
        => Assert.Contains("longer than", Refused(Encoding.UTF8.GetBytes($"{LogFile.Header}\n{new string('1', 200_000)}")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_is_not_there_is_an_io_error() => Assert.ThrowsAny<IOException>(() => new AuctionLogReader("/nowhere/log.csv"));

    [Fact]
    public void A_reader_can_be_left_early()
    {
        using var file = new LogFile($"{LogFile.Header}\n{string.Concat(Enumerable.Repeat(LogFile.FirstRow + "\n", 50_000))}");
        using (var reader = new AuctionLogReader(file.Path)) Assert.True(reader.Read());
    }

    [Fact]
    public void A_replay_names_the_place_of_an_order_error()
    {
        using var file = new LogFile($"{LogFile.Header}\n{LogFile.With("timeStepIndex", "2")}\n{LogFile.With("timeStepIndex", "1")}\n");
        using var reader = new AuctionLogReader(file.Path);
        var replay = new LogReplay(new ReplayOptions { Policies = [new AutoBid.Policies.Simple.ConstantPolicy()] });
        var error = Assert.Throws<LogFormatException>(() => replay.Read(reader));
        Assert.Equal((3, "timeStepIndex"), (error.Line, error.Column));
    }
}
