namespace AutoBid.Simulator.Tests.Export;

/// <summary>Reports on the caller's thread, unlike Progress&lt;T&gt;.</summary>
internal sealed class Immediate(Action<int> report) : IProgress<int>
{
    public void Report(int value) => report(value);
}
