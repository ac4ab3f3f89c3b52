using System.Reflection;
using System.Runtime.ExceptionServices;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Model;

/// <summary>
/// Ends a process at one of its writes: before it, or after it and before its answer. It stands before every method of a port, so that a port that grows
/// needs nothing here.
/// </summary>
internal sealed class Fuse
{
    private static readonly HashSet<string> Reads = ["LoadAsync", "BudgetsAsync", "DisposeAsync", "StartAsync", "EndOffsetsAsync", "ReadAsync", "HeartbeatAsync"];

    private int _left;
    private bool _after;

    /// <summary>The process is dead: nothing that it still tries reaches anybody.</summary>
    public bool IsBlown { get; private set; }

    /// <param name="write">Which of the coming writes, from 1; 0: none.</param>
    public void Arm(int write, bool after) => (_left, _after) = (write, after);

    public T Before<T>(T inner)
        where T : class
    {
        T proxy = DispatchProxy.Create<T, Wire>();
        ((Wire)(object)proxy).Set(this, inner);
        return proxy;
    }

    private object? Call(MethodInfo method, object inner, object?[]? arguments)
    {
        if (IsBlown && method.Name != "DisposeAsync") throw new SimulatedCrashException();
        bool now = !method.IsSpecialName && !Reads.Contains(method.Name) && _left > 0 && --_left == 0;
        IsBlown |= now;
        if (now && !_after) throw new SimulatedCrashException();
        object? answer;
        try
        {
            answer = method.Invoke(inner, arguments);
        }
        catch (TargetInvocationException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }

        if (!now) return answer;
        if (answer is ValueTask plain) plain.AsTask().GetAwaiter().GetResult();
        else ((Task)answer!.GetType().GetMethod(nameof(ValueTask.AsTask))!.Invoke(answer, null)!).GetAwaiter().GetResult();
        throw new SimulatedCrashException();
    }

    [System.Diagnostics.CodeAnalysis.SuppressMessage("Performance", "CA1852", Justification = "The runtime derives the proxies from it.")]
    private class Wire : DispatchProxy
    {
        private Fuse _fuse = null!;
        private object _inner = null!;

        public void Set(Fuse fuse, object inner) => (_fuse, _inner) = (fuse, inner);

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => _fuse.Call(targetMethod!, _inner, args);
    }
}
