using System.Reflection;
using System.Runtime.ExceptionServices;
using AutoBid.Engine.Ports;
using AutoBid.Engine.Tests.Fakes;

namespace AutoBid.Engine.Tests.Model;

/// <summary>
/// Ends a process at one of its writes: before it, or after it and before its answer. It stands before every method of a port, so that a port that grows
/// needs nothing here.
/// </summary>
internal sealed class Fuse
{
    private static readonly HashSet<string> Reads = ["LoadAsync", "BudgetsAsync", "DisposeAsync", "StartAsync", "EndOffsetsAsync", "ReadAsync", "HeartbeatAsync", "FindLeasesAsync", "AdjustmentsAsync", "TakeNotices", "PartitionOf"];

    private int _left;
    private bool _after;
    private int _faultLeft;
    private bool _faultAfter;

    /// <summary>The process is dead: nothing that it still tries reaches anybody.</summary>
    public bool IsBlown { get; private set; }

    /// <param name="write">Which of the coming writes, from 1; 0: none.</param>
    public void Arm(int write, bool after) => (_left, _after) = (write, after);

    /// <summary>One of the coming calls of the ledger store that change something fails, made or not, as when a connection breaks; the process lives on.</summary>
    /// <param name="call">Which one, from 1; 0: none.</param>
    public void ArmFault(int call, bool after) => (_faultLeft, _faultAfter) = (call, after);

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
        bool fails = inner is ILedgerStore && !Reads.Contains(method.Name) && method.Name != nameof(ILedgerStore.ClaimAsync) && _faultLeft > 0 && --_faultLeft == 0;
        if (fails && !_faultAfter) throw new StoreUnavailableException("the connection broke");
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

        if (!now && !fails) return answer;
        if (answer is ValueTask plain) plain.AsTask().GetAwaiter().GetResult();
        else ((Task)answer!.GetType().GetMethod(nameof(ValueTask.AsTask))!.Invoke(answer, null)!).GetAwaiter().GetResult();
        throw now ? new SimulatedCrashException() : new StoreUnavailableException("the answer was lost");
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
