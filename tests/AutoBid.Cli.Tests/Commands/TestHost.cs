namespace AutoBid.Cli.Tests.Commands;

/// <summary>A command host whose streams a test can read and whose environment it sets.</summary>
internal sealed class TestHost : IDisposable
{
    private readonly StringWriter _out = new();
    private readonly StringWriter _error = new();

    public TestHost(params (string Name, string Value)[] environment)
    {
        Dictionary<string, string> variables = environment.ToDictionary(pair => pair.Name, pair => pair.Value);
        Host = new CommandHost(_out, _error, isTerminal: false, variables.GetValueOrDefault);
    }

    public CommandHost Host { get; }

    public string Out => _out.ToString();

    public string Error => _error.ToString();

    public void Dispose()
    {
        _out.Dispose();
        _error.Dispose();
    }
}
