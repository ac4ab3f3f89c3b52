namespace AutoBid.Simulator.Evaluation;

/// <summary>An evaluation's folder cannot be used; the message is one line that names the folder or file.</summary>
public sealed class EvaluationFolderException : Exception
{
    public EvaluationFolderException(string message)
        : base(message)
    {
    }

    public EvaluationFolderException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
