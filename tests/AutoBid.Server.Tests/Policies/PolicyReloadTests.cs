using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Policies;
using AutoBid.Server.Tests.Testing;
using Microsoft.Extensions.Logging;

namespace AutoBid.Server.Tests.Policies;

/// <summary>What serve writes into its log at the start and at each reload.</summary>
public sealed class PolicyReloadTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelRegistry _registry;
    private readonly Lines _log = new();
    private readonly PolicyReload _reload;

    public PolicyReloadTests()
    {
        _registry = new ModelRegistry(_folder.Path, new ModelRegistryOptions(), _metrics, TimeProvider.System);
        _reload = new PolicyReload(_registry, new PolicyCatalog([new MpcPolicy()], _registry, TimeProvider.System), _log);
    }

    public void Dispose()
    {
        _registry.Dispose();
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Every_reload_is_one_line_and_every_refusal_a_warning()
    {
        _reload.Run();
        string folder = ModelFiles.Install(_folder.Path, "tiny", verdict: "provisional", reason: "the gate has not run");
        _reload.Run();
        ModelFiles.Judge(folder, "default", "beats mpc");
        _reload.Run();
        File.Delete(Path.Combine(ModelFiles.Install(_folder.Path, "tiny", "2"), "model.onnx"));
        _reload.Run();
        Assert.Equal(
            [
                "Information policy mpc: no model has the verdict default (there is no model)",
                "Information policy mpc: no model has the verdict default (tiny/1: provisional, the gate has not run)",
                "Information policy tiny/1: default, beats mpc",
            ],
            _log.Written[..3]);
        Assert.StartsWith("Warning model tiny/2 is refused: model.onnx: ", _log.Written[3], StringComparison.Ordinal);
        Assert.StartsWith("Information policy tiny/1: default, beats mpc (tiny/2: refused, model.onnx: ", _log.Written[4], StringComparison.Ordinal);
        Assert.Equal(5, _log.Written.Count);
    }

    private sealed class Lines : ILogger<PolicyReload>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => Written.Add($"{logLevel} {formatter(state, exception)}");
    }
}
