using AutoBid.Policies.Fallback;
using AutoBid.Policies.Models;
using AutoBid.Policies.Mpc;
using AutoBid.Policies.Tests.Testing;
using AutoBid.Server.Policies;
using AutoBid.Server.Tests.Testing;

namespace AutoBid.Server.Tests.Policies;

/// <summary>What serve writes into its log at the start and at each reload.</summary>
public sealed class PolicyReloadTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly PolicyMetrics _metrics = new();
    private readonly ModelRegistry _registry;
    private readonly ListLogger<PolicyReload> _log = new();
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
        string[] written = [.. _log.Lines.Select(line => $"{line.Level} {line.Text}")];
        Assert.Equal(
            [
                "Information policy mpc: no model has the verdict default (there is no model)",
                "Information policy mpc: no model has the verdict default (tiny/1: provisional, the gate has not run)",
                "Information policy tiny/1: default, beats mpc",
            ],
            written[..3]);
        Assert.StartsWith("Warning model tiny/2 is refused: model.onnx: ", written[3], StringComparison.Ordinal);
        Assert.StartsWith("Information policy tiny/1: default, beats mpc (tiny/2: refused, model.onnx: ", written[4], StringComparison.Ordinal);
        Assert.Equal(5, written.Length);
    }
}
