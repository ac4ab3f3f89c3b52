using AutoBid.Cli.Serving;

namespace AutoBid.Cli.Tests.Serving;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void ReadsEveryKindOfValue()
    {
        File.WriteAllText(_path, """{ /* comment */ "urls": ["http://a:1", "http://b:2"], "topicPrefix": "eu-", "noFsync": true, "node": 7, }""");
        Assert.Equal(
            new Dictionary<string, string> { ["urls"] = "http://a:1;http://b:2", ["topic-prefix"] = "eu-", ["no-fsync"] = "true", ["node"] = "7" }, ConfigFile.Load(_path));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"topicprefix\": \"x\"}")]
    [InlineData("{\"tick\": null}")]
    [InlineData("{\"urls\": [1]}")]
    public void ABadFileIsOneLine(string json)
    {
        File.WriteAllText(_path, json);
        CommandException e = Assert.Throws<CommandException>(() => ConfigFile.Load(_path));
        Assert.Contains(_path, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    public void Dispose() => File.Delete(_path);
}
