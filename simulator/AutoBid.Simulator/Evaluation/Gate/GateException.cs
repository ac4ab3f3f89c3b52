namespace AutoBid.Simulator.Evaluation.Gate;

/// <summary>A gate cannot start or go on; the message is one line that names the file or folder.</summary>
public sealed class GateException : Exception
{
    public GateException(string message)
        : base(message)
    {
    }

    public GateException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
