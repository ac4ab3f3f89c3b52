using System.Text;
using AutoBid.Simulator.Replay;
using FsCheck;
using FsCheck.Fluent;

namespace AutoBid.Simulator.Tests.Replay;

public sealed class LogFieldsTests
{
    private static string[]? Split(string line, char delimiter = ',')
    {
        var fields = new LogFields((byte)delimiter);
        byte[] bytes = Encoding.UTF8.GetBytes(line);
        if (!fields.TrySplit(bytes)) return null;
        return [.. Enumerable.Range(0, fields.Count).Select(i => Encoding.UTF8.GetString(fields.Of(bytes, i)))];
    }

    [Fact]
    public void Plain_lines_split_as_strings_do()
    {
        Prop.ForAll(Gen.Elements('a', '1', ',', ',').ArrayOf().ToArbitrary(), letters =>
        {
            string line = new(letters);
            return line.Split(',').SequenceEqual(Split(line)!);
        }).Check(Checks.Config);
        string wide = string.Join(',', Enumerable.Range(0, 100));
        Assert.Equal(wide.Split(','), Split(wide));
    }

    [Fact]
    public void Quoted_fields_may_hold_delimiters()
    {
        Assert.Equal(["1", "a,b", "2"], Split("1,\"a,b\",2")!);
        Assert.Equal(["a\"\"b", "", "c"], Split("\"a\"\"b\",\"\",c")!);
        Assert.Equal(["x", "1"], Split("x,\"1\"")!);
        Assert.Equal(["5\" screen", "1"], Split("5\" screen,1")!);
        Assert.Null(Split("1,\"a,b"));
        Assert.Null(Split("\"a\"b,c"));
    }

    [Fact]
    public void Between_tabs_quotation_marks_are_text()
    {
        Assert.Equal(["\"a", "b"], Split("\"a\tb", '\t')!);
        Assert.Equal(["7", "b"], Split("\"7\"\tb", '\t')!);
    }
}
