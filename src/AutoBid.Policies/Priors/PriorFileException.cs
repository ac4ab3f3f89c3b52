namespace AutoBid.Policies.Priors;

/// <summary>A prior file that cannot be used; the message names the file, the field and what is wrong with it.</summary>
public sealed class PriorFileException : Exception
{
    public PriorFileException(string message)
        : base(message)
    {
    }

    public PriorFileException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
